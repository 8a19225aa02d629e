import asyncio

from synsift.crawler.download.large_bodies import LargeBodies


def test_places_are_given_back_and_held_once() -> None:
    async def scenario() -> None:
        bodies = LargeBodies(places=2)
        first, second, third = object(), object(), object()
        await bodies.hold(first)
        await bodies.hold(first)
        await bodies.hold(second)
        waiting = asyncio.create_task(bodies.hold(third))
        await asyncio.sleep(0)
        assert not waiting.done()
        bodies.release(first)
        bodies.release(first)  # twice is once
        async with asyncio.timeout(300):
            await waiting
        fourth = asyncio.create_task(bodies.hold(object()))
        await asyncio.sleep(0)
        assert not fourth.done()
        fourth.cancel()

    asyncio.run(scenario())
