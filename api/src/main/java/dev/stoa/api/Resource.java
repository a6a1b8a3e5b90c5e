package dev.stoa.api;

import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A database, a bucket, or another thing that apps are given.
 *
 * @param kind     such as {@code database}
 * @param state    creating, ready or failed, or what the kind itself says, such as running or stopped
 * @param reason   why it is not as it should be
 * @param settings what was asked for, with what goes without saying
 * @param facts    what the kind can tell of it, in order
 * @param apps     that have it
 */
public record Resource(
        String kind,
        String name,
        String state,
        Optional<String> reason,
        Map<String, String> settings,
        Map<String, String> facts,
        List<Attachment> apps,
        Instant createdAt) {
    public Resource {
        settings = Map.copyOf(settings);
        facts = Collections.unmodifiableMap(new LinkedHashMap<>(facts));
        apps = List.copyOf(apps);
    }

    /**
     * An app that has it.
     *
     * @param as   by which name the app knows it
     * @param vars the config vars that it gets from it
     */
    public record Attachment(String app, String as, List<String> vars) {
        public Attachment {
            vars = List.copyOf(vars);
        }
    }
}
