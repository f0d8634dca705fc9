// The bounds of one connection's queue, in virtual time: `g++ -std=c++20 -I include tcp-send-queue-test.cpp && ./a.out`.
#include "handles/TcpSendQueue.hpp"
#include <algorithm>
#include <cstdio>
#include <cstdlib>

struct Outcome
{
	uint64_t longestWaitMs{ 0 };
	size_t largestUnsentBytes{ 0 };
	size_t droppedLarge{ 0 };
	size_t droppedSmall{ 0 };
};

static void expect(bool holds, const char* what)
{
	if (!holds)
	{
		std::fprintf(stderr, "failed: %s\n", what);
		std::exit(1);
	}
}

/** Video of `videoKbps` in bursts of a frame each 40 ms, sound each 20 ms, over a link that takes `linkKbps(second)`. */
template<typename Link>
static Outcome run(size_t videoKbps, Link linkKbps, uint64_t durationMs)
{
	TcpSendQueue queue;
	Outcome outcome;
	double unsent{ 0 };

	const auto send = [&](size_t bytes, uint64_t nowMs)
	{
		if (queue.Refuses(bytes, static_cast<size_t>(unsent), nowMs))
		{
			(bytes > TcpSendQueue::LargeFrameBytes ? outcome.droppedLarge : outcome.droppedSmall)++;

			return;
		}

		queue.Add(bytes, nowMs);
		unsent += static_cast<double>(bytes);
	};

	for (uint64_t nowMs{ 1000 }; nowMs < 1000 + durationMs; ++nowMs)
	{
		const double rate = static_cast<double>(linkKbps(nowMs - 1000)) / 8;

		unsent = std::max(0.0, unsent - rate);

		if (nowMs % 40 == 0)
		{
			for (size_t left = videoKbps * 40 / 8; left > 0; left -= std::min<size_t>(left, 1200))
			{
				send(std::min<size_t>(left, 1200), nowMs);
			}
		}

		if (nowMs % 20 == 0)
		{
			send(100, nowMs);
		}

		outcome.largestUnsentBytes = std::max(outcome.largestUnsentBytes, static_cast<size_t>(unsent));

		if (rate > 0)
		{
			outcome.longestWaitMs = std::max(outcome.longestWaitMs, static_cast<uint64_t>(unsent / rate));
		}
	}

	return outcome;
}

int main()
{
	const auto wide = run(2500, [](uint64_t) { return 10000; }, 20000);
	expect(wide.droppedLarge + wide.droppedSmall == 0, "a link that is wide enough loses nothing");

	const auto narrow = run(2500, [](uint64_t) { return 700; }, 120000);
	expect(narrow.longestWaitMs < 2000, "on a narrow link nothing waits for two seconds");
	expect(narrow.droppedLarge > 0, "the picture gives way");
	expect(narrow.droppedSmall == 0, "sound does not");

	const auto stalled = run(2500, [](uint64_t ms) { return ms < 5000 ? 10000 : 0; }, 120000);
	expect(stalled.largestUnsentBytes <= TcpSendQueue::MaxBytes, "a peer that reads nothing costs a bounded queue");

	const auto healed = run(2500, [](uint64_t ms) { return ms < 20000 ? 700 : 10000; }, 60000);
	const auto narrowOnly = run(2500, [](uint64_t) { return 700; }, 20000);
	expect(
	  healed.droppedLarge <= narrowOnly.droppedLarge + 200, "a link that is wide again loses nothing after a moment");

	std::puts("ok");

	return 0;
}
