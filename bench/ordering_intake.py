"""Orders accepted a second: validated, priced, durable, once per key; in this process, without HTTP.

./dev bench ordering_intake [ORDERS]

Closed loop: 256 callers at a time through group commit. Open loop: 1,000 a second whatever the answers take.
The load generator runs in the same process and costs its share.
"""

import asyncio
import sys
import time
from collections.abc import Sequence

from bench.ordering_shop import open_shop, order
from hutong.ordering.group_commit import GroupCommit
from hutong.ordering.intake import Accepted, Answer, accept
from hutong.ordering.orders import OrderRequest

CALLERS = 256
RATE = 1000


async def closed(group: GroupCommit[OrderRequest, Answer], requests: Sequence[OrderRequest]) -> float:
    """Seconds until all are answered, so many callers at a time."""
    waiting = iter(requests)

    async def caller() -> None:
        for request in waiting:
            assert isinstance(await group.submit(request), Accepted)

    began = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    return time.perf_counter() - began


async def opened(group: GroupCommit[OrderRequest, Answer], requests: Sequence[OrderRequest]) -> list[float]:
    """Seconds each answer took after the instant at which it was due to be sent."""
    took: list[float] = []
    began = time.perf_counter()

    async def one(due: float, request: OrderRequest) -> None:
        assert isinstance(await group.submit(request), Accepted)
        took.append(time.perf_counter() - due)

    tasks = []
    for number, request in enumerate(requests):
        due = began + number / RATE
        if (left := due - time.perf_counter()) > 0:
            await asyncio.sleep(left)
        tasks.append(asyncio.create_task(one(due, request)))
    await asyncio.gather(*tasks)
    return sorted(took)


async def main(count: int) -> None:
    """Print the figures."""
    shop = open_shop(2000, 10)
    requests = [order(shop[n % len(shop)], f"bench-{n}") for n in range(count)]
    group: GroupCommit[OrderRequest, Answer] = GroupCommit(accept)
    half = count // 2
    seconds = await closed(group, requests[:half])
    print(f"closed loop, {CALLERS} callers    {half / seconds:10,.0f} orders/s")
    took = await opened(group, requests[half:])
    print(f"open loop, {RATE}/s          p50 {took[len(took) // 2] * 1000:.1f} ms", end="")
    print(f"  p99 {took[int(len(took) * 0.99)] * 1000:.1f} ms  max {took[-1] * 1000:.1f} ms")
    group.close()
    began = time.perf_counter()
    again = [accept(requests[n : n + 200]) for n in range(0, half, 200)]
    assert all(isinstance(one, Accepted) and one.repeated for answers in again for one in answers)
    print(f"repeats, sets of 200        {half / (time.perf_counter() - began):10,.0f} orders/s")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000))
