{# Questions that models ask the registry (feeds.sql). #}

{# Every feed, or those of one source. #}
{% macro registered_feeds() -%}
    {{ return(feed_registry()['feeds']) }}
{%- endmacro %}


{# One feed's entry; a compile error names a feed that no YAML file declares. #}
{% macro registered_feed(source_name, feed) -%}
    {%- for entry in feed_registry()['feeds'] if entry['source'] == source_name and entry['feed'] == feed -%}
        {{ return(entry) }}
    {%- endfor -%}
    {{ exceptions.raise_compiler_error(
        'no YAML file under models/staging declares the feed ' ~ source_name ~ '.' ~ feed
    ) }}
{%- endmacro %}


{# The models that provide an entity. #}
{% macro providers(entity) -%}
    {{ return(feed_registry()['providers'][entity]) }}
{%- endmacro %}


{# A landed column by name, for statements that know only some feeds to have it; null where the contract lacks it. #}
{% macro landed_column(feed, name) -%}
    {{ return('landed.' ~ name if name in feed['columns'] else 'cast(null as string)') }}
{%- endmacro %}
