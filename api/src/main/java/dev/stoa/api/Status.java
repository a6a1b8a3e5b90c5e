package dev.stoa.api;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What runs where: the answer of {@code stoa status}.
 *
 * @param pid       of the platform's process
 * @param engine    the engine's name, such as {@code process}
 * @param isolation how instances are kept apart, such as {@code bubblewrap + cgroup v1}
 * @param missing   sentences: what isolation this machine lacks, and how to get it
 * @param home      the data directory
 * @param resources how many databases and the like there are, by kind
 * @param problems  sentences: what somebody has to see to
 * @param https     where apps answer by HTTPS
 * @param authority the file of the certificate of the platform's own certificate authority
 * @param acme      the directory of the authority that is asked for certificates
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
        int instances,
        Map<String, Integer> resources,
        String https,
        String authority,
        Optional<String> acme,
        List<String> problems) {
    public Status {
        missing = List.copyOf(missing);
        resources = Map.copyOf(resources);
        problems = List.copyOf(problems);
    }
}
