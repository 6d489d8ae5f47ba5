{# Names of people, and what the title beside a name tells. #}

{# Titles by the gender they tell. Chinese ones stand behind a name, English ones before it. #}
{% macro name_titles() -%}
    {{ return({
        'male': ['先生', '男士', '叔叔', '大叔', '大哥', '大爷', '伯伯', '爷爷', '帅哥', '小哥'],
        'female': ['女士', '小姐姐', '小姐', '太太', '夫人', '阿姨', '大姐', '大妈', '大娘', '奶奶', '美女', '姑娘', '妈妈'],
        'either': ['老师', '同学', '经理', '总经理', '师傅', '医生', '教授', '会员', '老板', '店长', '主任', '亲', '收'],
        'male_before': ['Mr', 'Mister', 'Sir', 'Herr', 'Monsieur', 'Señor', 'Signor'],
        'female_before': ['Mrs', 'Ms', 'Miss', 'Madam', 'Mme', 'Frau', 'Madame', 'Señora', 'Signora', 'Lady'],
        'either_before': ['Dr', 'Prof', 'Mx'],
    }) }}
{%- endmacro %}


{# One letter that makes a title of a lone surname (王哥, 李姐), by gender. Behind a whole name it is part of it. #}
{% macro surname_titles() -%}
    {{ return({'male': '哥叔爷伯', 'female': '姐姨婶嫂妹奶', 'either': '总工'}) }}
{%- endmacro %}


{# Surnames of two characters: alone before a title they name nobody, as 王 does not. #}
{% macro compound_surnames() -%}
    {{ return(
        '欧阳|太史|端木|上官|司马|东方|独孤|南宫|万俟|闻人|夏侯|诸葛|尉迟|公羊|赫连|澹台|皇甫|宗政|濮阳|公冶|太叔|申屠|公孙|'
        ~ '慕容|仲孙|钟离|长孙|宇文|司徒|鲜于|司空|令狐|闾丘|子车|亓官|司寇|巫马|公西|颛孙|壤驷|公良|漆雕|乐正|宰父|谷梁|拓跋|'
        ~ '夹谷|轩辕|段干|百里|呼延|东郭|南门|羊舌|微生|公户|公玉|公仪|梁丘|公仲|公上|公门|公山|公坚|左丘|公伯|西门|公祖|第五|'
        ~ '南荣|东里|即墨|达奚|褚师|爱新|叶赫|纳兰|歐陽|司馬|諸葛'
    ) }}
{%- endmacro %}


{# Titles at the front of a name in any case, with the point or blank that parts them from it. #}
{% macro titles_before(kinds) -%}
    {%- set words = [] -%}
    {%- for kind in kinds -%}
        {%- for word in name_titles()[kind ~ '_before'] -%}
            {%- do words.append(word) -%}
            {%- do words.append(word | upper) -%}
            {%- do words.append(word | lower) -%}
        {%- endfor -%}
    {%- endfor -%}
    (?:{{ words | join('|') }})(?:[.] *| +)
{%- endmacro %}

{% macro titles_behind(kinds) -%}
    {%- set words = [] -%}
    {%- for kind in kinds -%}
        {%- do words.extend(name_titles()[kind]) -%}
    {%- endfor -%}
    {{ words | join('|') }}
{%- endmacro %}


{#
    A person's name without titles and notes in parentheses; Chinese names without inner blanks and with one kind of
    middle dot (买买提·艾力); "Lee, Ann" becomes "Ann Lee". Null when part of it is starred or written 某 or 张XX, when
    it has no letters or is an e-mail address or a number, and for a lone surname (王先生, 欧阳女士, 李总), which
    names nobody. Words that are no name (匿名) are in seeds/placeholder_identifier.csv. Most values are two to four
    Chinese characters without a title, so that is asked first.
#}
{% macro normalise_person_name(text) -%}
    {%- set kinds = ['male', 'female', 'either'] -%}
    {%- set behind = titles_behind(kinds) -%}
    {%- set surname_title = '^[㐀-鿿][' ~ surname_titles().values() | join ~ ']$' -%}
    {%- set plain = "regexp_replace(trim(" ~ half_width(text) ~ "), ' *[(【<].*$', '')" -%}
    {%- set untitled = "regexp_replace(regexp_replace(" ~ plain ~ ", '[ ,]*(" ~ behind ~ ")$', ''), '^" ~ titles_before(kinds) ~ "', '')" -%}
    {%- set dotless = regexp_replace_all("translate(" ~ untitled ~ ", '•・‧∙⋅.', '······')", ' ', '') -%}
    case
        when {{ matches(text, '^[㐀-鿿]{2,4}$') }} and not {{ matches(text, '某|(' ~ behind ~ ')$|' ~ surname_title) }} then {{ text }}
        when {{ matches(untitled, '^[㐀-鿿 ]*$') }}
            then case
                when {{ matches(untitled, '^[㐀-鿿]?$|某|先生|女士|小姐|' ~ surname_title) }} then null
                when {{ matches(plain, '^(' ~ compound_surnames() ~ ') *(' ~ behind ~ ')$') }} then null
                else replace({{ untitled }}, ' ', '')
            end
        when {{ matches(untitled, '^[㐀-鿿 ]+([·•・‧∙⋅.][㐀-鿿 ]+)+$') }}
            then case when not {{ matches(untitled, '某') }} then {{ dotless }} end
        when {{ matches(untitled, '[*某•●×@&]|[0-9]{4}|^[㐀-鿿][xX]{1,3}$| and | und ') }} then null
        when {{ matches(untitled, '[㐀-鿿𠀀-𲎯]') }}
            then case when length(replace({{ untitled }}, ' ', '')) > 1 then replace({{ untitled }}, ' ', '') end
        when {{ matches(untitled, '^[A-Za-zÀ-ÖØ-öø-ɏ. -]+, *[A-Za-zÀ-ÖØ-öø-ɏ][A-Za-zÀ-ÖØ-öø-ɏ. -]*$') }} and not {{ matches(untitled, ',.*(Jr|Sr|II|III|MD|PhD)[.]?$') }}
            then {{ regexp_replace_all("trim(split_part(" ~ untitled ~ ", ',', 2)) || ' ' || trim(split_part(" ~ untitled ~ ", ',', 1))", ' +', ' ') }}
        when {{ matches(untitled, '[A-Za-zÀ-ÖØ-öø-ɏͰ-ϿЀ-ӿぁ-ヿ가-힣]') }} then {{ regexp_replace_all("trim(" ~ untitled ~ ")", ' +', ' ') }}
    end
{%- endmacro %}


{#
    The gender that the title beside a name tells (王先生, Ms. Lee), though the name itself may be null; null without
    such a title, and for two people (Mr and Mrs Lee, 张先生李女士).
#}
{% macro name_title_gender(text) -%}
    {%- set plain = regexp_replace_all("trim(" ~ half_width(text) ~ ")", '[()【】<>]', '') -%}
    {%- set male = '[^ ] *(' ~ titles_behind(['male']) ~ ')$|^(' ~ titles_behind(['male']) ~ ')$|^[㐀-鿿][' ~ surname_titles().male ~ ']$|^'
        ~ titles_before(['male']) -%}
    {%- set female = '[^ ] *(' ~ titles_behind(['female']) ~ ')$|^(' ~ titles_behind(['female']) ~ ')$|^[㐀-鿿][' ~ surname_titles().female
        ~ ']$|^' ~ titles_before(['female']) -%}
    case
        when {{ matches(text, '^[㐀-鿿]{2,4}$') }} and not {{ matches(text, '[' ~ title_letters() ~ ']$') }} then null
        when {{ matches(plain, '&| and | und |先生.+(女士|太太|小姐)|(女士|太太|小姐).+先生') }} then null
        when {{ matches(plain, male) }} then 'male'
        when {{ matches(plain, female) }} then 'female'
    end
{%- endmacro %}


{# The letters with which a Chinese title ends; whatever ends otherwise has none. #}
{% macro title_letters() -%}
    {%- set letters = [] -%}
    {%- for kind in ['male', 'female'] -%}
        {%- for word in name_titles()[kind] + [surname_titles()[kind]] -%}
            {%- for letter in (word if loop.last else word[-1:]) if letter not in letters -%}
                {%- do letters.append(letter) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ letters | join }}
{%- endmacro %}
