"""``synsift topics``."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from synsift.pipelines.cli.console import err, print_rows
from synsift.pipelines.cli.options import ConfigFile, Format, OutputFormat, SetValues, settings_of
from synsift.pipelines.cli.suggestions import check_known
from synsift.pipelines.errors import ConfigError, UsageError
from synsift.pipelines.texts import counted

if TYPE_CHECKING:
    from synsift.pipelines.config import Settings
    from synsift.pipelines.log.kafka_topics import FoundTopic

app = typer.Typer(no_args_is_help=True, help="Make and check the topics of a log on Kafka.")

Bootstrap = Annotated[
    str | None,
    typer.Option("--kafka", metavar="HOST:PORT", help="Kafka brokers, several with commas  [kafka.bootstrap]"),
]


@app.command()
def create(bootstrap: Bootstrap = None, file: ConfigFile = None, values: SetValues = None) -> None:
    """Make the topics that don't exist. Doing it again changes nothing.

    Topics of another shape are never altered: they are named, with what is wrong, and the exit status is 2.

    [bold]Examples[/bold]

      synsift topics create --kafka kafka:9092 --set kafka.replication=3
    """
    settings = _settings(bootstrap, file, values)

    from synsift.pipelines import topics
    from synsift.pipelines.kafka_settings import kafka_topics, topics_shape

    found = kafka_topics(settings)
    made = found.create(topics_shape(settings))
    problems = found.problems(topics_shape(settings))
    if problems:
        raise ConfigError("\n".join(problems))
    err.print(f"made {len(made)} topics; {len(topics.ALL) - len(made)} were there")


@app.command()
def describe(
    bootstrap: Bootstrap = None,
    file: ConfigFile = None,
    values: SetValues = None,
    output: OutputFormat = Format.TABLE,
) -> None:
    """Show the topics as they are.

    [bold]Examples[/bold]

      synsift topics describe --kafka kafka:9092
    """
    settings = _settings(bootstrap, file, values)

    from synsift.pipelines.kafka_settings import kafka_topics

    print_rows(map(_row, kafka_topics(settings).describe()), output)


@app.command()
def grow(
    partitions: Annotated[
        int, typer.Option("--partitions", metavar="N", min=1, help="Of every topic: a multiple of what they have")
    ],
    bootstrap: Bootstrap = None,
    file: ConfigFile = None,
    values: SetValues = None,
) -> None:
    """Give all topics more partitions, and put every record where it belongs then. All workers must be stopped.

    What waits for hosts and sources goes along; what other stages have to do must be done before. Nothing is deleted:
    downstream groups keep their offsets, and see what moved once more, with the header `__synsift.grown`. Cut off, it
    goes on when it is called again, and no worker starts until it is done.

    [bold]Examples[/bold]

      synsift topics grow --partitions 32 --kafka kafka:9092
    """
    settings = _settings(bootstrap, file, values)

    from synsift.pipelines.kafka_settings import growing

    done = growing(settings, lambda text: err.print(text, style="dim")).grow(partitions)
    if done is None:
        err.print(f"all topics have {partitions} partitions: nothing to do")
        return
    moved = counted(sum(done.copied.values()), "record", "records")
    waiting = counted(sum(done.waiting.values()), "input that waits", "inputs that wait")
    err.print(
        f"grown from {done.before} to {done.after} partitions: {moved} put where they belong now, and {waiting} put "
        "behind them; compared, and the same"
    )
    err.print(f"hint: set log.partitions to {done.after} for all workers before you start them")


@app.command()
def schema(topic: Annotated[str, typer.Argument(metavar="TOPIC", help="Name of a topic, such as survivors")]) -> None:
    """Print the JSON Schema of a topic's records.

    [bold]Examples[/bold]

      synsift topics schema survivors
    """
    from synsift.pipelines import topics
    from synsift.pipelines.schemas import schema_of

    kinds = {found.name: kind for kind, found in topics.TOPIC_OF.items()}
    check_known("topic", topic, kinds)
    typer.echo(json.dumps(schema_of(kinds[topic]), indent=2, ensure_ascii=False))


def _row(found: "FoundTopic") -> dict[str, Any]:
    return {
        "name": found.name,
        "partitions": found.partitions,
        "replication": found.replication,
        "cleanup": found.setting("cleanup.policy"),
        "retention_ms": found.setting("retention.ms"),
        "max_bytes": found.setting("max.message.bytes"),
    }


def _settings(bootstrap: str | None, file: ConfigFile, values: SetValues) -> "Settings":
    settings = settings_of(file, values, kafka__bootstrap=bootstrap)
    if not settings.kafka.bootstrap:
        raise UsageError("no brokers are named", hint="give `--kafka HOST:PORT`, or set kafka.bootstrap")
    return settings
