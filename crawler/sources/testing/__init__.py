"""What the author of a source needs: a server that plays answers, a recorder of real ones, and a look at everything.

    from synsift.testing import Recorded, problems_of, serving

    ANSWERS = [Recorded.read(path) for path in sorted(Path("answers").glob("*.json"))]

    def test_the_source_keeps_to_what_sources_promise():
        assert problems_of(ExampleSource(), ANSWERS) == []

``synsift sources check NAME --record FILE`` writes a real answer to a file, without secrets.
"""

from synsift.crawler.sources.testing.conformance import problems_of
from synsift.crawler.sources.testing.mutations import mutated
from synsift.crawler.sources.testing.recording import Recorded, record
from synsift.crawler.sources.testing.server import Asked, Server, serving

__all__ = ["Asked", "Recorded", "Server", "mutated", "problems_of", "record", "serving"]
