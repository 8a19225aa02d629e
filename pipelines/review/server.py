"""The page's server. Whoever has its key may vote: on this machine, or wherever it listens.

``GET /``              the page            ``GET /api/batch``      a batch for a voter
``GET /small/SHA256``  a small picture     ``GET /api/again``      one that was handed in
``GET /large/SHA256``  the original        ``POST /api/votes``     hands one in
``GET /pairs``         the page of pairs   ``GET /api/pair``       a pair that nobody has judged
                                           ``POST /api/judge``     judges one
"""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any, Final, TypeVar

from aiohttp import web

from synsift.crawler.outside_json import loads
from synsift.pipelines.errors import SynsiftError
from synsift.pipelines.pages.guarded import HEADERS, KEPT_A_DAY, Gate, favicon, in_thread, json_answer, problem
from synsift.pipelines.pages.page import asset
from synsift.pipelines.records import Task
from synsift.pipelines.review.desk import Desk, voter_of
from synsift.pipelines.review.doubts import Pair, PairDesk
from synsift.pipelines.review.pictures import Pictures
from synsift.pipelines.verification.ballots import Place

T = TypeVar("T")

_log: Final = logging.getLogger(__name__)

_MAX_BODY_BYTES: Final = 1 << 20
_PICTURE_THREADS: Final = 2
_SHARED: Final = ("look.css", "asking.js")


class ReviewServer:
    """Answers a browser. Lives in one event loop."""

    def __init__(
        self, desk: Desk, pictures: Pictures, *, key: str, make_pairs: Callable[[], PairDesk] | None = None
    ) -> None:
        """Make one.

        Args:
            desk: Gives batches.
            pictures: Shows images.
            key: Whoever has it may vote.
            make_pairs: Finds pairs, when the first is asked for; None for no page of pairs.
        """
        self._desk = desk
        self._make_pairs = make_pairs
        self._pairs: PairDesk | None = None
        self._pictures = pictures
        self._gate = Gate(key, "review")
        # The desk is used by one thread at a time; pictures by several, beside it.
        self._at_desk = ThreadPoolExecutor(1, "review-log")
        self._at_pairs = ThreadPoolExecutor(1, "review-pairs")
        self._at_pictures = ThreadPoolExecutor(_PICTURE_THREADS, "review-pictures")
        self._ahead: set[asyncio.Future[Any]] = set()

    def app(self) -> web.Application:
        """The web application."""
        app = web.Application(client_max_size=_MAX_BODY_BYTES, middlewares=[self._gate.guard])
        app.router.add_get("/", self.page)
        app.router.add_get("/pairs", self.page)
        app.router.add_get("/{name:look.css|review.css|review.js|asking.js|pairs.js}", self.asset)
        app.router.add_get("/favicon.ico", favicon)
        app.router.add_get("/small/{sha256:[0-9a-f]{64}}", self.small)
        app.router.add_get("/large/{sha256:[0-9a-f]{64}}", self.large)
        app.router.add_get("/api/batch", self.batch)
        app.router.add_get("/api/again", self.again)
        app.router.add_post("/api/votes", self.votes)
        app.router.add_get("/api/pair", self.pair)
        app.router.add_post("/api/judge", self.judge)
        app.on_startup.append(self._open)
        app.on_cleanup.append(self._close)
        return app

    async def _open(self, _app: web.Application) -> None:
        """Make the first pictures before anybody has told their name."""
        self._make_ahead(await in_thread(self._at_desk, self._desk.first_images))

    async def _close(self, _app: web.Application) -> None:
        self._at_pictures.shutdown(wait=True, cancel_futures=True)
        self._at_desk.shutdown(wait=True)
        self._at_pairs.shutdown(wait=True)

    async def page(self, request: web.Request) -> web.Response:
        """The page."""
        if (welcome := self._gate.welcome(request)) is not None:
            return welcome
        name = "pairs.html" if request.path == "/pairs" else "review.html"
        return web.Response(text=asset(name, "synsift.pipelines.review"), content_type="text/html", headers=HEADERS)

    async def asset(self, request: web.Request) -> web.Response:
        """Its style and its script."""
        name = request.match_info["name"]
        text = asset(name) if name in _SHARED else asset(name, "synsift.pipelines.review")
        kind = "text/css" if name.endswith(".css") else "text/javascript"
        return web.Response(text=text, content_type=kind, headers=HEADERS)

    async def small(self, request: web.Request) -> web.Response:
        """A small picture of an image that is in a batch."""
        sha256 = self._known(request)
        data = self._pictures.kept(sha256) or await in_thread(self._at_pictures, lambda: self._pictures.small(sha256))
        if data is None:
            raise web.HTTPNotFound
        return web.Response(body=data, content_type="image/webp", headers=KEPT_A_DAY)

    async def large(self, request: web.Request) -> web.Response:
        """The original of an image that is in a batch; whatever it is, nothing in it runs."""
        sha256 = self._known(request)
        found = await in_thread(self._at_pictures, lambda: self._pictures.original(sha256))
        if found is None:
            raise web.HTTPNotFound
        headers = {**KEPT_A_DAY, "Content-Security-Policy": "default-src 'none'; sandbox"}
        return web.Response(body=found[0], content_type=found[1], headers=headers)

    def _known(self, request: web.Request) -> str:
        sha256 = request.match_info["sha256"]
        in_pair = self._pairs is not None and self._pairs.knows(sha256)
        if not in_pair and not self._desk.knows(sha256):
            raise web.HTTPNotFound
        return sha256

    async def batch(self, request: web.Request) -> web.Response:
        """A batch for a voter, or none."""
        voter, passed = request.query.get("voter", ""), request.query.getall("passed", [])

        def find() -> dict[str, Any]:
            self._desk.refresh()
            offer = self._desk.offer(voter, passing_over=passed)
            if offer is None:
                return {"batch": None, "left": 0}
            return {
                "batch": self._described(offer.task, offer.images),
                "left": offer.left,
                "ahead": list(offer.ahead),
            }

        found = await in_thread(self._at_desk, find)
        self._make_ahead([*(found["batch"] or {"images": []})["images"], *found.get("ahead", ())])
        return json_answer(found)

    async def again(self, request: web.Request) -> web.Response:
        """A batch that was handed in, to be looked at once more."""
        name = request.query.get("task", "")

        def find() -> dict[str, Any] | None:
            task = self._desk.again(name)
            return None if task is None else self._described(task, task.images)

        found = await in_thread(self._at_desk, find)
        if found is None:
            raise web.HTTPNotFound
        return json_answer({"batch": found})

    async def votes(self, request: web.Request) -> web.Response:
        """Take a batch; when this is answered, its votes are in the log."""
        try:
            said = await _said(request)
            voter, task, changes = said["voter"], said["task"], said.get("changes", False) is True
            answers = {str(sha256): str(answer) for sha256, answer in said["answers"].items()}
            took_s = float(said.get("took_s", 0))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return problem(400, "that is no batch")
        if not isinstance(task, str):
            return problem(400, "that is no batch")
        taken = await in_thread(
            self._at_desk, lambda: self._desk.take(voter, task, answers, took_s=took_s, changes=changes)
        )
        return json_answer({"taken": taken.written, "kept": taken.kept})

    async def pair(self, request: web.Request) -> web.Response:
        """A pair that nobody has judged, or none."""
        voter, passed = request.query.get("voter", ""), request.query.getall("passed", [])
        voter_of(voter)
        if self._make_pairs is None:
            raise web.HTTPNotFound
        make = self._make_pairs

        def find() -> list[Pair]:
            if self._pairs is None:
                self._pairs = make()
            return sorted(self._pairs.left(), key=lambda pair: _name(pair) in passed)

        left = await in_thread(self._at_pairs, find)
        self._make_ahead([place.sha256 for pair in left[:3] for place in (pair.first, pair.second)])
        shown = await in_thread(self._at_desk, lambda: self._shown(left[0])) if left else None
        return json_answer({"pair": shown, "left": len(left)})

    def _shown(self, pair: Pair) -> dict[str, Any]:
        return {
            "id": _name(pair),
            "kind": pair.kind,
            "answers": pair.answers,
            "score": round(pair.score, 2),
            "reasons": pair.reasons,
            "pictures": [
                {"sha256": place.sha256, "synset": asdict(self._desk.named(place.wnid))}
                for place in (pair.first, pair.second)
            ],
        }

    async def judge(self, request: web.Request) -> web.Response:
        """Take what somebody says of a pair; when this is answered, it is kept."""
        try:
            said = await _said(request)
            voter, answer = said["voter"], str(said["answer"])
            first, second = (Place(str(one["wnid"]), str(one["sha256"])) for one in said["pictures"])
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return problem(400, "that is no judgement of a pair")
        if self._pairs is None:
            return problem(400, "this pair is not known", "load the page again")
        pairs = self._pairs
        await in_thread(self._at_pairs, lambda: pairs.take(voter, first, second, answer))
        return json_answer({"taken": 1})

    def _described(self, task: Task, images: Sequence[str]) -> dict[str, Any]:
        return {
            "id": task.id,
            "synset": asdict(self._desk.named(task.wnid)),
            "rivals": [asdict(self._desk.named(wnid)) for wnid in task.rivals],
            "link": task.link if task.link.startswith(("https://", "http://")) else "",
            "images": list(images),
        }

    def _make_ahead(self, images: Sequence[str]) -> None:
        """Make small pictures before they are asked for."""
        for sha256 in images:
            future = asyncio.get_running_loop().run_in_executor(self._at_pictures, _quietly, self._pictures, sha256)
            self._ahead.add(future)
            future.add_done_callback(self._ahead.discard)


def _name(pair: Pair) -> str:
    """Names a pair for a browser: shortly, as an address holds those of a hundred that are passed over."""
    return hashlib.sha256(" ".join((*pair.first, *pair.second)).encode()).hexdigest()[:32]


async def _said(request: web.Request) -> Any:  # noqa: ANN401 - from a browser
    """JSON that a page of ours sent: no form of another site can send any."""
    if request.content_type != "application/json" or "Content-Encoding" in request.headers:
        raise web.HTTPUnsupportedMediaType
    try:
        return loads(await request.read())
    except (OSError, web.RequestPayloadError) as exc:
        raise web.HTTPBadRequest(reason="it broke off") from exc


def _quietly(pictures: Pictures, sha256: str) -> None:
    try:
        pictures.small(sha256)
    except SynsiftError as exc:
        _log.debug("%s: %s", sha256, exc)  # whoever asks for it is told
