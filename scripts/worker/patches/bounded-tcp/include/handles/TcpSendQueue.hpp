#ifndef SKEIN_TCP_SEND_QUEUE_HPP
#define SKEIN_TCP_SEND_QUEUE_HPP

#include <cstddef>
#include <cstdint>
#include <deque>

/**
 * Bounds what waits in front of one TCP connection (ICE-TCP, framed as in RFC 4571).
 *
 * Upstream hands everything that the kernel does not take to uv_write(), and the kernel itself takes megabytes. A peer
 * whose link is narrower than its media then gets an ever older picture, and memory grows. Here a frame is dropped when
 * it would wait too long: by the rate at which the connection has lately sent, or, while that is unknown, by how long the
 * oldest unsent byte has waited. Small frames (sound, RTCP, STUN) may wait longer than large ones, so that congestion takes
 * the picture first and leaves sound and ICE consent (RFC 7675) alive.
 * A frame is dropped as a whole or not at all: the framing stays intact.
 */
class TcpSendQueue
{
public:
	static constexpr size_t MaxBytes{ 1024u * 1024u };
	static constexpr size_t LargeFrameBytes{ 400u };
	// A key frame needs several round trips on a slow connection, so this is far above one frame interval.
	static constexpr uint64_t LargeFrameMaxWaitMs{ 600u };
	static constexpr uint64_t SmallFrameMaxWaitMs{ 1200u };
	// Above the round trip of most connections: one that waits for acknowledgements sends nothing in between.
	static constexpr uint64_t RateWindowMs{ 400u };
	static constexpr uint64_t RateMaxAgeMs{ 3000u };

	/** Whether a frame has to be dropped, given that `unsentBytes` of what was added have not been sent yet. */
	bool Refuses(size_t frameBytes, size_t unsentBytes, uint64_t nowMs)
	{
		const uint64_t sent = this->added - unsentBytes;

		while (!this->marks.empty() && this->marks.front().end <= sent)
		{
			this->marks.pop_front();
		}

		if (this->marks.empty())
		{
			this->measuring = false;

			return false;
		}

		Measure(sent, nowMs);

		const uint64_t maxWaitMs =
		  frameBytes > LargeFrameBytes ? LargeFrameMaxWaitMs : SmallFrameMaxWaitMs;

		return unsentBytes + frameBytes > MaxBytes ||
		       nowMs - this->marks.front().addedAtMs > maxWaitMs ||
		       (IsRateKnown(nowMs) && unsentBytes > this->bytesPerMs * maxWaitMs);
	}

	/** A frame was handed to the kernel or to libuv. */
	void Add(size_t frameBytes, uint64_t nowMs)
	{
		this->added += frameBytes;

		if (!this->marks.empty() && this->marks.back().addedAtMs == nowMs)
		{
			this->marks.back().end = this->added;
		}
		else
		{
			this->marks.push_back({ this->added, nowMs });
		}
	}

private:
	/** The rate counts only time in which something was waiting: otherwise it is the media's and not the connection's. */
	void Measure(uint64_t sent, uint64_t nowMs)
	{
		if (!this->measuring)
		{
			this->measuring        = true;
			this->windowStartMs    = nowMs;
			this->windowStartBytes = sent;

			return;
		}

		const uint64_t elapsedMs = nowMs - this->windowStartMs;

		if (elapsedMs < RateWindowMs)
		{
			return;
		}

		const double sample =
		  static_cast<double>(sent - this->windowStartBytes) / static_cast<double>(elapsedMs);

		this->bytesPerMs = IsRateKnown(nowMs) ? (this->bytesPerMs + sample) / 2 : sample;
		this->rateMeasuredAtMs = nowMs;
		this->windowStartMs    = nowMs;
		this->windowStartBytes = sent;
	}

	bool IsRateKnown(uint64_t nowMs) const
	{
		return this->rateMeasuredAtMs != 0 && nowMs - this->rateMeasuredAtMs <= RateMaxAgeMs;
	}

private:
	/** Bytes up to `end`, counted from the first of the connection, were added at this time or before. */
	struct Mark
	{
		uint64_t end;
		uint64_t addedAtMs;
	};

	// At most one per millisecond of waiting: SmallFrameMaxWaitMs bounds them while the peer takes nothing.
	std::deque<Mark> marks;
	uint64_t added{ 0 };
	bool measuring{ false };
	uint64_t windowStartMs{ 0 };
	uint64_t windowStartBytes{ 0 };
	double bytesPerMs{ 0 };
	uint64_t rateMeasuredAtMs{ 0 };
};

#endif
