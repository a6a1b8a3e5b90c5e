package dev.stoa.platform.control;

import dev.stoa.api.InstanceRange;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Says how many instances of an app that is awake are wanted, from what was in flight. It knows nothing but what it is
 * told, the time too.
 *
 * <p>The idea is that of Knative's autoscaler. An instance is to have 70 % of its concurrency in flight, so that there is
 * room while the next one starts. More are wanted as soon as the average of the last 6 s asks for them, and at once in a
 * panic: when there is twice as much to do as the instances should have, or when requests wait although all instances are
 * up. Fewer are wanted when everything of the last 60 s asked for fewer; then as many as the most that was asked for in
 * this time.
 */
final class Autoscaler {
    static final double TARGET = 0.7;
    static final Duration PANIC_WINDOW = Duration.ofSeconds(6);
    static final Duration STABLE_WINDOW = Duration.ofSeconds(60);

    private static final int PANIC_FACTOR = 2;

    /** Samples that are closer together become one, with the most of both. */
    private static final Duration SAMPLE_APART = Duration.ofMillis(200);

    private final Deque<Sample> samples = new ArrayDeque<>();

    /**
     * What was seen, until the next sample.
     *
     * @param asked instances that this moment asked for
     */
    private record Sample(Instant at, int inFlight, int asked) {}

    /** So many requests in flight are as much as one instance should have; at least a fraction of one. */
    static double target(InstanceRange range) {
        return TARGET * range.concurrencyOrDefault();
    }

    /** When an instance gets so many requests in flight, it is worth to ask again. */
    static int alarm(InstanceRange range) {
        return (int) Math.floor(target(range)) + 1;
    }

    /** How many are wanted for so many requests, when nothing is known of the time before. */
    static int atOnce(InstanceRange range, int inFlight) {
        return range.within(Math.max(1, needed(range, inFlight)));
    }

    /**
     * How many are wanted now.
     *
     * @param current  wanted so far, at least 1
     * @param inFlight with those that wait
     * @param starved  requests wait although every instance is up
     */
    int wanted(Instant now, InstanceRange range, int current, int inFlight, boolean starved) {
        int instant = needed(range, inFlight);
        boolean panic = inFlight >= PANIC_FACTOR * current * target(range) || starved;
        int asked = Math.max(1, Math.max(needed(range, average(now, PANIC_WINDOW)), panic ? instant : 0));
        asked = starved ? Math.max(asked, current + 1) : asked;
        add(new Sample(now, inFlight, asked));
        if (asked >= current) {
            return range.within(asked);
        }
        boolean known = !samples.getFirst().at().isAfter(now.minus(STABLE_WINDOW));
        int most = samples.stream().mapToInt(Sample::asked).max().orElse(current);
        return range.within(known ? Math.min(current, most) : current);
    }

    /** Whether the past asks for more than now, so that time alone will change the answer. */
    boolean unsettled(InstanceRange range, int current) {
        return current > Math.max(1, range.min())
                || samples.stream().anyMatch(sample -> needed(range, sample.inFlight()) > current);
    }

    void forget() {
        samples.clear();
    }

    private static int needed(InstanceRange range, double inFlight) {
        return (int) Math.ceil(inFlight / target(range));
    }

    private void add(Sample sample) {
        Sample last = samples.peekLast();
        if (last != null && last.at().plus(SAMPLE_APART).isAfter(sample.at())) {
            samples.removeLast();
            samples.addLast(new Sample(
                    last.at(), Math.max(last.inFlight(), sample.inFlight()), Math.max(last.asked(), sample.asked())));
        } else {
            samples.addLast(sample);
        }
        // The first is to be older than the window, so that it is known what was at its beginning.
        Instant oldest = sample.at().minus(STABLE_WINDOW);
        while (samples.size() > 1 && isSecondOlderThan(oldest)) {
            samples.removeFirst();
        }
    }

    private boolean isSecondOlderThan(Instant oldest) {
        return samples.stream().skip(1).findFirst().orElseThrow().at().isBefore(oldest);
    }

    /** Over the time; of the time before the first sample nothing is known, and it counts as nothing. */
    private double average(Instant now, Duration window) {
        Instant begin = now.minus(window);
        double sum = 0;
        Instant end = now;
        for (Sample sample : samples.reversed()) {
            Instant from = sample.at().isBefore(begin) ? begin : sample.at();
            sum += sample.inFlight() * (double) Duration.between(from, end).toMillis();
            end = from;
            if (from.equals(begin)) {
                break;
            }
        }
        return sum / window.toMillis();
    }
}
