package dev.stoa.api;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a deploy of a source folder would do to an app, beside building the source and making a release of it.
 *
 * @param fresh    whether the deploy makes the app
 * @param standing the release that serves now
 * @param changes  in the order of the manifest
 * @param orphans  what stays though the manifest does not ask for it any more
 * @param notes    for people
 */
public record DeployPlan(
        String app,
        boolean fresh,
        Optional<String> standing,
        List<Change> changes,
        List<Orphan> orphans,
        List<String> notes) {
    public DeployPlan {
        changes = List.copyOf(changes);
        orphans = List.copyOf(orphans);
        notes = List.copyOf(notes);
    }

    /**
     * What a plan is asked for with.
     *
     * @param files the texts of stoa.toml, app.json, the Procfile and .env.example, by their names, as far as there are any
     */
    public record Source(Map<String, String> files) {
        public Source {
            files = Map.copyOf(files);
        }
    }

    /** How many changes of that sort there are. */
    public long count(Action action) {
        return changes.stream().filter(change -> change.action() == action).count();
    }

    /** How many things this deploy makes orphans of; those of deploys before do not count. */
    public long orphaned() {
        return orphans.stream().filter(Orphan::fresh).count();
    }

    /** Whether anything is otherwise afterwards than it is now. */
    public boolean changed() {
        return !changes.isEmpty() || orphaned() > 0;
    }

    public enum Action {
        @JsonProperty("create")
        CREATE,
        @JsonProperty("change")
        CHANGE,
        @JsonProperty("remove")
        REMOVE
    }

    /**
     * One thing that is made, changed or removed. Nothing with data in it is ever removed.
     *
     * @param what    such as database, process, cron, domain, env, config or edge
     * @param name    of the one that it is about
     * @param details what of it changes
     * @param note    for people
     */
    public record Change(Action action, String what, String name, List<Detail> details, Optional<String> note) {
        public Change {
            details = List.copyOf(details);
        }
    }

    /**
     * One setting.
     *
     * @param before a value as in {@link ManifestLine}; empty where there was none
     */
    public record Detail(String key, Optional<Object> before, Optional<Object> after) {}

    /**
     * Something that stays.
     *
     * @param what     such as database or domain
     * @param fresh    whether it is this deploy that leaves it
     * @param commands that do away with it
     */
    public record Orphan(String what, String name, boolean fresh, List<String> commands) {
        public Orphan {
            commands = List.copyOf(commands);
        }
    }
}
