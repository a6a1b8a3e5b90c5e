package dev.stoa.platform.resource;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Nearest;
import dev.stoa.api.StoaException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What can be chosen of a cache.
 *
 * @param eviction   what goes when it is full, as the server calls it
 * @param persistent whether what it holds outlives its server
 */
record CacheSettings(Plan plan, String eviction, boolean persistent, CacheProgram.Engine engine) {
    static final String PLAN = "plan";
    static final String EVICTION = "eviction";
    static final String PERSISTENT = "persistent";
    static final String ENGINE = "engine";

    private static final List<String> KEYS = List.of(PLAN, EVICTION, PERSISTENT, ENGINE);

    /** Of all servers since version 4 (the comments on maxmemory-policy in redis.conf). */
    private static final List<String> EVICTIONS = List.of(
            "allkeys-lru",
            "allkeys-lfu",
            "allkeys-random",
            "volatile-lru",
            "volatile-lfu",
            "volatile-random",
            "volatile-ttl",
            "noeviction");

    /** How much a cache may hold, and how many may be connected. */
    enum Plan {
        SMALL(64, 200),
        MEDIUM(256, 500),
        LARGE(1024, 1000),
        XLARGE(4096, 2000);

        final int megabytes;
        final int connectionsMax;

        Plan(int megabytes, int connectionsMax) {
            this.megabytes = megabytes;
            this.connectionsMax = connectionsMax;
        }

        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * Of what was asked for, with what goes without saying: one that forgets drops what was not used for long when it is
     * full, and one that is to keep what it holds refuses more.
     *
     * @throws StoaException BAD_REQUEST, or TOOL_MISSING if no server is installed
     */
    static CacheSettings of(Map<String, String> asked) {
        for (String key : asked.keySet()) {
            known("is not a setting of caches", key, KEYS);
        }
        String plan = asked.getOrDefault(PLAN, Plan.SMALL.word());
        List<String> plans = Arrays.stream(Plan.values()).map(Plan::word).toList();
        known("is not a plan for caches", plan, plans);
        String persistent = asked.getOrDefault(PERSISTENT, "false");
        if (!persistent.equals("true") && !persistent.equals("false")) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "persistent is true, so that what a cache holds outlives its server, or false, and not \"%s\""
                            .formatted(persistent),
                    "for example: persistent = true");
        }
        String eviction = asked.getOrDefault(EVICTION, persistent.equals("true") ? "noeviction" : "allkeys-lru");
        known("is no way to make room in a cache", eviction, EVICTIONS);
        return new CacheSettings(
                Plan.values()[plans.indexOf(plan)],
                eviction,
                persistent.equals("true"),
                asked.containsKey(ENGINE)
                        ? CacheProgram.Engine.named(asked.get(ENGINE))
                        : CacheProgram.any().engine());
    }

    private static void known(String problem, String word, List<String> words) {
        if (!words.contains(word)) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "\"%s\" %s".formatted(word, problem),
                    Nearest.of(word, words)
                            .map("did you mean \"%s\"?"::formatted)
                            .orElse("there are: " + String.join(", ", words)));
        }
    }

    Map<String, String> settled() {
        return Map.of(
                PLAN, plan.word(),
                EVICTION, eviction,
                PERSISTENT, Boolean.toString(persistent),
                ENGINE, engine.word());
    }

    /** What the server is told that it can be told while it runs, too. */
    Map<String, String> live() {
        Map<String, String> live = new LinkedHashMap<>();
        live.put("maxmemory", plan.megabytes + "mb");
        live.put("maxmemory-policy", eviction);
        // The platform's own connections come on top.
        live.put("maxclients", Integer.toString(plan.connectionsMax + 16));
        live.put("appendonly", persistent ? "yes" : "no");
        return live;
    }
}
