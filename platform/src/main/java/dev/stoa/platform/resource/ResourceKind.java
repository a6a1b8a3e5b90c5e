package dev.stoa.platform.resource;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A kind of thing that apps are given, such as databases. What there is, who has it, and what secrets go with it is
 * remembered by the caller; a kind knows how to make one and how to look after it.
 *
 * <p>All methods may be called from any thread. For one resource {@link #provision} and {@link #destroy} are never called
 * at the same time.
 */
public interface ResourceKind extends AutoCloseable {
    /** Such as {@code database}. */
    String name();

    /**
     * What was asked for, with what goes without saying.
     *
     * @throws dev.stoa.api.StoaException BAD_REQUEST for a setting or a value that it does not know
     */
    Map<String, String> settle(Map<String, String> asked);

    /**
     * Refuses a change of settings that it cannot make on what there is.
     *
     * @throws dev.stoa.api.StoaException BAD_REQUEST, with the way to get there
     */
    default void checkChange(ResourceSpec present, Map<String, String> wanted) {}

    /** Whether several apps may have one at the same time. */
    default boolean isForManyApps() {
        return true;
    }

    /**
     * Refuses what one app cannot have at the same time.
     *
     * @param settingsByName of all that it is to have of the kind, by the names by which it knows them
     * @throws dev.stoa.api.StoaException BAD_REQUEST
     */
    default void checkTogether(Map<String, Map<String, String>> settingsByName) {}

    /**
     * Makes it, or brings it to its settings. Idempotent: called again after a platform was killed in the middle, it ends in
     * the same place. Never loses data of one that was provisioned before.
     *
     * @return the secrets, to be remembered
     */
    Map<String, String> provision(ResourceSpec spec);

    /** Looks after it from now on, in a platform that has just started, without making the caller wait for it. */
    void resume(ResourceSpec spec);

    /** With all that can be told of it. */
    Inspection inspect(ResourceSpec spec);

    /** What can be told of it without waking it, for a list. */
    Inspection glance(ResourceSpec spec);

    /** The names of the config vars that {@link #bind} gives. */
    Set<String> vars(Binding binding);

    /** The config vars that an app gets from it. */
    Map<String, String> bind(ResourceSpec spec, Binding binding);

    /** Where it is found from the platform's machine, with what it takes to get in; empty where a kind has no such thing. */
    default Optional<String> url(ResourceSpec spec) {
        return Optional.empty();
    }

    /** Something that can be done with a resource of this kind alone. */
    @FunctionalInterface
    interface Action {
        void run(ResourceSpec spec);
    }

    /** By their names, such as {@code flush}. */
    default Map<String, Action> actions() {
        return Map.of();
    }

    /**
     * One that was destroyed, and can be had back.
     *
     * @param until    after that it is gone for good
     * @param settings to make it again with, where that is all that it takes
     * @param secrets  that {@link #provision} knows it by
     */
    record Kept(
            String name,
            Instant destroyedAt,
            Instant until,
            Map<String, String> settings,
            Map<String, String> secrets) {
        public Kept {
            settings = Map.copyOf(settings);
            secrets = Map.copyOf(secrets);
        }

        /** One that is had back in a way of its kind alone. */
        public Kept(String name, Instant destroyedAt, Instant until) {
            this(name, destroyedAt, until, Map.of(), Map.of());
        }
    }

    /** Those that were destroyed and are still kept, the latest first. */
    default List<Kept> kept() {
        return List.of();
    }

    /** Deletes what was kept for long enough. Called now and then. */
    default void collect() {}

    /** From now on instances of these tenants may reach it, and no others. */
    void admit(ResourceSpec spec, Set<Integer> tenants);

    /** Makes a backup that outlives the resource, and says in a word where it is; empty where a kind has none. */
    Optional<String> backup(ResourceSpec spec);

    /** The databases whose backups would be lost with it. */
    default Set<String> backedUpIn(ResourceSpec spec) {
        return Set.of();
    }

    /** Ends and deletes it. Does nothing for what is not there. */
    void destroy(ResourceSpec spec);

    /** The platform goes down with all apps: nobody needs any of these any more. */
    void rest(List<ResourceSpec> specs);

    /** The platform ends, and its instances go on: so do their resources as far as they can. */
    @Override
    void close();
}
