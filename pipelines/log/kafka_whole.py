"""Who of a consumer group on Kafka owns all partitions, where its work needs them in one place.

The leader of the group decides, by what the members say that they own: who owns the most keeps it, and gets the rest.
What moves is let go first, and comes with the next round, as in every cooperative rebalance (KIP-429).
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.protocol.consumer.metadata import ConsumerProtocolAssignment

from synsift.pipelines.log.assignment import gather

_Place = tuple[str, int]


class WholeAssignor(CooperativeStickyAssignor):  # type: ignore[misc]  # kafka-python has no types
    """Gives all partitions to one member."""

    name = "synsift-whole"

    def assign(self, cluster: Any, members: Sequence[Any]) -> dict[str, Any]:  # noqa: ANN401
        """Decide for the group; called where the leader is."""
        owners = {place: member.member_id for member in members for place in _owned(member)}
        topics = sorted({topic for member in members for topic in member.metadata.topics})
        wanted = gather([member.member_id for member in members], list(_places(cluster, topics)), owners)
        found: dict[str, dict[str, list[int]]] = {member.member_id: defaultdict(list) for member in members}
        for place, chosen in wanted.items():
            if owners.get(place, chosen) == chosen:
                found[chosen][place[0]].append(place[1])
        return {
            name: ConsumerProtocolAssignment(self.version, sorted((t, sorted(ps)) for t, ps in by_topic.items()), b"")
            for name, by_topic in found.items()
        }


def _owned(member: Any) -> Iterator[_Place]:  # noqa: ANN401
    for listed in getattr(member.metadata, "owned_partitions", None) or ():
        yield from ((listed.topic, partition) for partition in listed.partitions)


def _places(cluster: Any, topics: Sequence[str]) -> Iterator[_Place]:  # noqa: ANN401
    for topic in topics:
        yield from ((topic, partition) for partition in sorted(cluster.partitions_for_topic(topic) or ()))
