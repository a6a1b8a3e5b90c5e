package dev.stoa.api;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/** The bodies of the requests on resources, and what some of them answer. */
public final class ResourceRequests {
    private ResourceRequests() {}

    /**
     * @param settings of the kind, such as {@code plan}
     * @param app      that gets it at once
     * @param as       by which name that app knows it; absent: the resource's own
     */
    public record Create(String name, Map<String, String> settings, Optional<String> app, Optional<String> as) {
        public Create {
            settings = Map.copyOf(settings);
        }
    }

    /** @param as by which name the app knows it; absent: the resource's own */
    public record Attach(String app, Optional<String> as) {}

    public record Detach(String app) {}

    /** Where a resource is found from the platform's machine, with what it takes to get in. */
    public record Url(String url) {}

    /**
     * One that was destroyed, and can be had back.
     *
     * @param until after that it is gone for good
     */
    public record KeptResource(String kind, String name, Instant destroyedAt, Instant until) {}

    /**
     * @param name of the one that was destroyed
     * @param as   what it is called from now on; absent: the same
     */
    public record Restore(String name, Optional<String> as) {}

    /**
     * What became of a change.
     *
     * @param deploys of the apps that get new instances for it
     */
    public record Changed(Resource resource, java.util.List<Deploy> deploys) {
        public Changed {
            deploys = java.util.List.copyOf(deploys);
        }
    }

    /**
     * A config var that an app has from a resource.
     *
     * @param kind such as {@code database}
     */
    public record ManagedVar(String name, String value, String kind, String resource) {}
}
