package dev.stoa.api;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** What the table {@code [edge]} says, line by line; what it leaves out has no line. */
final class EdgeLines {
    private EdgeLines() {}

    /** By key, in the order of the file that they could be. */
    static Map<String, Object> of(EdgeManifest edge) {
        Map<String, Object> lines = new LinkedHashMap<>();
        addIf(lines, "edge.compress", edge.compress());
        edge.bodyBytes().ifPresent(bytes -> lines.put("edge.body", MemorySize.written(bytes)));
        addIf(lines, "edge.allow", edge.allow());
        addIf(lines, "edge.deny", edge.deny());
        addIf(
                lines,
                "edge.redirects",
                edge.redirects().stream().map(EdgeLines::table).toList());
        addIf(
                lines,
                "edge.rewrites",
                edge.rewrites().stream().map(EdgeLines::table).toList());
        if (!edge.accessLog()) {
            lines.put("edge.access_log", false);
        }
        if (!edge.trace()) {
            lines.put("edge.trace", false);
        }
        edge.https().ifPresent(mode -> lines.put("edge.https", mode.name().toLowerCase(Locale.ROOT)));
        edge.hsts().ifPresent(age -> lines.put("edge.hsts", TimeSpan.written(age)));
        edge.cacheBytes().ifPresent(bytes -> lines.put("edge.cache.size", MemorySize.written(bytes)));
        edge.rate().ifPresent(rate -> {
            lines.put("edge.rate.requests", rate.requests());
            lines.put("edge.rate.per", TimeSpan.written(rate.per()));
            lines.put("edge.rate.key", rate.key());
            lines.put("edge.rate.burst", rate.burst());
        });
        edge.auth().ifPresent(auth -> {
            lines.put("edge.auth.user", auth.user());
            lines.put("edge.auth.password_var", auth.passwordVar());
        });
        edge.maintenance().ifPresent(maintenance -> {
            maintenance.page().ifPresent(page -> lines.put("edge.maintenance.page", page));
            lines.put("edge.maintenance.retry_after", TimeSpan.written(maintenance.retryAfter()));
            addIf(lines, "edge.maintenance.allow", maintenance.allow());
        });
        new TreeMap<>(edge.errors()).forEach((status, file) -> lines.put("edge.errors." + status, file));
        new TreeMap<>(edge.headers()).forEach((name, value) -> lines.put("edge.headers." + name, value));
        return lines;
    }

    private static Map<String, Object> table(EdgeManifest.Redirect redirect) {
        Map<String, Object> table = new LinkedHashMap<>(Map.of("from", redirect.from()));
        table.put("to", redirect.to());
        table.put("status", redirect.status());
        return table;
    }

    private static Map<String, Object> table(EdgeManifest.Rewrite rewrite) {
        Map<String, Object> table = new LinkedHashMap<>(Map.of("from", rewrite.from()));
        table.put("to", rewrite.to());
        return table;
    }

    private static void addIf(Map<String, Object> lines, String key, List<?> values) {
        if (!values.isEmpty()) {
            lines.put(key, values);
        }
    }
}
