package dev.stoa.platform.resource;

import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a server says of itself (the command INFO), in words for people. */
record CacheFacts(Map<String, String> said) {
    private static final String KEYSPACE = "db";
    private static final String KEYS = "keys=";

    static CacheFacts of(String info) {
        Map<String, String> said = new HashMap<>();
        info.lines().forEach(line -> {
            int colon = line.indexOf(':');
            if (colon > 0) {
                said.put(line.substring(0, colon), line.substring(colon + 1).strip());
            }
        });
        return new CacheFacts(said);
    }

    /** For a list. */
    Map<String, String> brief(CacheSettings settings) {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("memory", "%s of %d MB".formatted(megabytes(number("used_memory")), settings.plan().megabytes));
        facts.put("keys", Long.toString(keys()));
        return facts;
    }

    Map<String, String> close() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("server", version());
        // The platform's own connection asks.
        facts.put("clients", Long.toString(Math.max(0, number("connected_clients") - 1)));
        long hits = number("keyspace_hits");
        long asked = hits + number("keyspace_misses");
        facts.put("hits", asked == 0 ? "none asked for" : "%d %% of %d".formatted(hits * 100 / asked, asked));
        facts.put("evicted", "%d keys, %d expired".formatted(number("evicted_keys"), number("expired_keys")));
        facts.put("up", spoken(Duration.ofSeconds(number("uptime_in_seconds"))));
        if (said.getOrDefault("aof_last_write_status", "ok").equals("err")) {
            facts.put("problem", "it cannot write to its disk, and takes no more until it can");
        }
        return facts;
    }

    private String version() {
        String valkey = said.get("valkey_version");
        return valkey != null ? "Valkey " + valkey : "Redis " + said.getOrDefault("redis_version", "?");
    }

    private long keys() {
        return said.entrySet().stream()
                .filter(entry ->
                        entry.getKey().startsWith(KEYSPACE) && entry.getValue().startsWith(KEYS))
                .mapToLong(entry ->
                        parsed(entry.getValue().substring(KEYS.length()).replaceFirst(",.*", "")))
                .sum();
    }

    private long number(String name) {
        return parsed(said.getOrDefault(name, "0"));
    }

    private static long parsed(String text) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    /** To one place, as a small cache is mostly empty. */
    private static String megabytes(long bytes) {
        return "%d.%d MB".formatted(bytes >> 20, ((bytes & ((1 << 20) - 1)) * 10) >> 20);
    }

    private static String spoken(Duration up) {
        return up.toDays() > 0
                ? "%d d %d h".formatted(up.toDays(), up.toHoursPart())
                : up.toHours() > 0
                        ? "%d h %d min".formatted(up.toHours(), up.toMinutesPart())
                        : "%d min %d s".formatted(up.toMinutes(), up.toSecondsPart());
    }
}
