"""``synsift config``."""

from synsift.crawler.wording import masked
from synsift.pipelines.cli.console import print_rows
from synsift.pipelines.cli.options import ConfigFile, Format, OutputFormat, SetValues, configuration


def config(file: ConfigFile = None, values: SetValues = None, output: OutputFormat = Format.TABLE) -> None:
    """Show every key of the configuration, its value and where that came from.

    Defaults, then the TOML file, then SYNSIFT_… environment variables, then options; the last wins. Secrets are
    masked.

    [bold]Examples[/bold]

      synsift config

      SYNSIFT_FETCH__DELAY_S=1 synsift config --format jsonl
    """
    loaded = configuration(file, values)
    rows = (
        {
            "key": value.key,
            "value": list(value.value) if isinstance(value.value, tuple) else _plain(value.value, output),
            "from": value.origin,
            "meaning": value.description,
        }
        for value in loaded.values()
    )
    print_rows(rows, output, details=("meaning",))


def _plain(value: object, output: Format) -> object:
    if value is None:
        return ""
    if output is Format.TABLE and isinstance(value, float):
        return f"{value:g}"  # all digits: a table rounds what was measured, and these are set
    return value if isinstance(value, (bool, int, float)) else masked(str(value))
