"""The text of drafted files, in the shape of the staging folder's own.

Belongs here: the one place that knows what a staging model and its YAML look like.
Does not belong here: what goes into the gaps (render.py).

Gaps are @name@, because braces are Jinja's and percent signs SQL's.
"""

STAGING_MODEL = """\
with

source as (

    select * from {{ landed('@source@', '@feed@') }}

),

typed as (

    select
@columns@
        ---------- landing
        source._file_id,
        source._row_number,
        source._load_number,
        source._row_hash,

        case
@rules@
        end as _rule

    from source

),

judged as (

    {{ judged('typed', '@source@', '@feed@') }}

)

select * from judged
"""

SOURCES_HEAD = """\
version: 2

sources:
  - name: @source@
    schema: raw
    description: >-
      @source_description@
    tables:
"""

SOURCES_TABLE = """\
      - name: @feed@
        identifier: @source@__@feed@
        description: >-
          @description@
        config:
          meta:
            dagster: {asset_key: [raw, @source@, @feed@]}
            landing:
@landing@
        columns:
@columns@
"""

SOURCES_COLUMN = """\
          - name: @name@
            description: @description@
            config: {meta: {@meta@}}
"""

MODELS_HEAD = """\
version: 2

models:
"""

MODELS_MODEL = """\
  - name: stg_@source@__@feed@
    description: >-
      @description@
    columns:
@columns@
"""

MODELS_COLUMN = """\
      - name: @name@
        description: @description@
"""

# Columns that every staging model ends with; their descriptions are doc blocks of the same name.
LANDING_COLUMNS = (
    "_file_id",
    "_row_number",
    "_load_number",
    "_row_hash",
    "_rule",
    "_verdict",
    "_duplicate_rule",
    "_is_deleted",
    "_changed_in",
)

# Columns whose description is a doc block, when the kind is right.
DOC_BLOCKS = ("full_name", "phone", "email", "national_id", "birth_date", "wechat_unionid")

# What is left to do by hand, printed after a draft.
NEXT_STEPS = """\
Next:
  1. Read @sources_file@: keys, privacy classes, descriptions.
  2. Say in @models_file@ under config.meta.provides what the rows are: customers, orders, events
     and so on (dbt_project/docs/adding_a_source.md). Until then they are landed, staged and
     balanced, and no customer is made of them.
  3. Put files into @landing@ and run `strata run`.
"""


def fill(template: str, **gaps: str) -> str:
    """A template with its gaps filled.

    Raises:
        KeyError: A gap was not given.
    """
    parts = template.split("@")
    return "".join(part if index % 2 == 0 else gaps[part] for index, part in enumerate(parts))
