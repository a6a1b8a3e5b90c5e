package dev.stoa.platform.router;

import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * The backends of one release, and the choice among them: the one with the fewest requests in flight.
 *
 * <p>Up to {@link #SCAN_MAX} of them are all looked at, from a place that moves on with each request, so that equals take
 * turns. The counts are exact, as one process makes them, and to read eight of them costs less than a cache miss or two; the
 * choice is the best there is. Of more of them, two are drawn and the better one is taken, which is nearly as even and costs
 * the same however many there are.
 */
final class BackendGroup {
    static final int SCAN_MAX = 8;

    /** There is none, or none that has not been tried. */
    static final int NONE = -1;

    /** Those that may be asked have as many requests as they may have. */
    static final int FULL = -2;

    /** What an instance gets right when it comes, of its full share. */
    private static final double FIRST_WEIGHT = 0.1;

    private final Backend[] backends;
    private final Claim.Taken[] claims;
    private final Claim.Taken[] remembered;
    private final int requestsMax;
    private final long slowStartNanos;
    private final long oldestNanos;
    private final long youngestNanos;

    BackendGroup(Route route, List<Backend> backends) {
        this.backends = backends.toArray(Backend[]::new);
        this.claims = claims(route, backends, false);
        this.remembered = claims(route, backends, true);
        this.requestsMax = route.balance().requestsMax();
        this.slowStartNanos = route.balance().slowStart().toNanos();
        long first = backends.isEmpty() ? 0 : backends.getFirst().sinceNanos();
        long oldest = 0;
        long youngest = 0;
        for (Backend backend : backends) {
            oldest = Math.min(oldest, backend.sinceNanos() - first);
            youngest = Math.max(youngest, backend.sinceNanos() - first);
        }
        this.oldestNanos = first + oldest;
        this.youngestNanos = first + youngest;
    }

    private static Claim.Taken[] claims(Route route, List<Backend> backends, boolean remember) {
        return backends.stream()
                .map(backend -> new Claim.Taken(route, backend, remember))
                .toArray(Claim.Taken[]::new);
    }

    Claim.Taken claim(int index, boolean remember) {
        return remember ? remembered[index] : claims[index];
    }

    Backend backend(int index) {
        return backends[index];
    }

    /** The index of the backend with this mark, or {@link #NONE}. */
    int marked(String mark) {
        for (int i = 0; i < backends.length; i++) {
            if (backends[i].mark().equals(mark)) {
                return i;
            }
        }
        return NONE;
    }

    /** @param turn where to begin to look, any number */
    int choose(int turn, Set<Backend> tried, RandomGenerator random, long nowNanos) {
        int count = backends.length;
        if (count > SCAN_MAX) {
            int drawn = betterOfTwo(tried, random, nowNanos);
            if (drawn != NONE) {
                return drawn;
            }
        }
        return count == 0 ? NONE : best(Math.floorMod(turn, count), tried, random, nowNanos);
    }

    private int betterOfTwo(Set<Backend> tried, RandomGenerator random, long nowNanos) {
        boolean slow = someAreNew(nowNanos);
        int one = random.nextInt(backends.length);
        int two = random.nextInt(backends.length - 1);
        two += two >= one ? 1 : 0;
        double loadOfOne = drawnLoad(backends[one], slow, tried, random, nowNanos);
        double loadOfTwo = drawnLoad(backends[two], slow, tried, random, nowNanos);
        if (loadOfOne == Double.MAX_VALUE && loadOfTwo == Double.MAX_VALUE) {
            return NONE;
        }
        return loadOfOne <= loadOfTwo ? one : two;
    }

    private double drawnLoad(Backend backend, boolean slow, Set<Backend> tried, RandomGenerator random, long nowNanos) {
        int inFlight = backend.inFlight();
        if (isFull(inFlight) || backend.isAside(nowNanos) || tried.contains(backend)) {
            return Double.MAX_VALUE;
        }
        double weight = slow ? weight(backend, nowNanos) : 1;
        return weight < 1 && random.nextDouble() >= weight ? Double.MAX_VALUE : inFlight / weight;
    }

    /** The best of all. Who is new is passed over at times, and who is set aside is asked when nobody else is left. */
    private int best(int first, Set<Backend> tried, RandomGenerator random, long nowNanos) {
        boolean slow = someAreNew(nowNanos);
        boolean full = false;
        int best = NONE;
        int passedOver = NONE;
        int last = NONE;
        double bestLoad = Double.MAX_VALUE;
        int lastLoad = Integer.MAX_VALUE;
        for (int i = 0; i < backends.length; i++) {
            int index = first + i < backends.length ? first + i : first + i - backends.length;
            Backend backend = backends[index];
            if (tried.contains(backend)) {
                continue;
            }
            int inFlight = backend.inFlight();
            if (backend.isAside(nowNanos)) {
                if (inFlight < lastLoad && !isFull(inFlight)) {
                    last = index;
                    lastLoad = inFlight;
                }
                continue;
            }
            if (isFull(inFlight)) {
                full = true;
                continue;
            }
            double weight = slow ? weight(backend, nowNanos) : 1;
            if (weight < 1 && random.nextDouble() >= weight) {
                passedOver = index;
            } else if (inFlight / weight < bestLoad) {
                best = index;
                bestLoad = inFlight / weight;
            }
        }
        if (best != NONE || passedOver != NONE) {
            return best != NONE ? best : passedOver;
        }
        return full ? FULL : last;
    }

    private boolean isFull(int inFlight) {
        return requestsMax > 0 && inFlight >= requestsMax;
    }

    /** Whether an instance is on its way to its full share. Those that all came together have it from the start. */
    private boolean someAreNew(long nowNanos) {
        return slowStartNanos > 0 && youngestNanos != oldestNanos && nowNanos - youngestNanos < slowStartNanos;
    }

    /** Of its full share, against the backend that has been there longest. */
    private double weight(Backend backend, long nowNanos) {
        return age(backend.sinceNanos(), nowNanos) / age(oldestNanos, nowNanos);
    }

    private double age(long sinceNanos, long nowNanos) {
        return Math.clamp((double) (nowNanos - sinceNanos) / slowStartNanos, FIRST_WEIGHT, 1);
    }
}
