package dev.stoa.api;

import java.util.List;

/**
 * What runs where: the answer of {@code stoa status}.
 *
 * @param pid       of the platform's process
 * @param engine    the engine's name, such as {@code process}
 * @param isolation how instances are kept apart, such as {@code bubblewrap + cgroup v1}
 * @param missing   sentences: what isolation this machine lacks, and how to get it
 * @param home      the data directory
 */
public record Status(
        long pid,
        String version,
        String engine,
        String isolation,
        List<String> missing,
        String api,
        String router,
        String domain,
        String database,
        String home,
        int apps,
        int instances) {
    public Status {
        missing = List.copyOf(missing);
    }
}
