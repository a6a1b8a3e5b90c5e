package dev.stoa.platform.control;

import dev.stoa.api.AppSetup;
import dev.stoa.api.DeployPlan.Action;
import dev.stoa.api.DeployPlan.Change;
import dev.stoa.api.DeployPlan.Detail;
import dev.stoa.api.InstanceRange;
import dev.stoa.api.Manifest;
import dev.stoa.api.ManifestLine;
import dev.stoa.api.ManifestLines;
import dev.stoa.api.MergedManifest;
import dev.stoa.platform.build.Slug;
import dev.stoa.platform.control.ReleaseStore.BuildRow;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** What changes of an app when its manifest is another one: processes, crons, variables, the edge. Pure. */
final class ManifestDifference {
    /** Stands for a command that nobody but the build knows. */
    static final String FOUND_BY_BUILD = "(what the build finds)";

    /** Tables of which each entry is a thing of its own, and what one of them is. */
    private static final Map<String, String> TABLES = Map.of("processes", "process", "crons", "cron", "env", "env");

    /** What is compared elsewhere, or is no change of the app. */
    private static final Set<String> ELSEWHERE = Set.of("name", "domains", "required", "generated");

    private final Optional<BuildRow> before;
    private final AppSetup setupBefore;
    private final MergedManifest after;
    private final Map<String, InstanceRange> scale;
    private final Set<String> configured;

    /**
     * @param before      of the release that serves
     * @param setupBefore what it asked for beyond its manifest
     * @param scale       what the user asked for since, which stays
     * @param configured  the config vars that win over the manifest's
     */
    ManifestDifference(
            Optional<BuildRow> before,
            AppSetup setupBefore,
            MergedManifest after,
            Map<String, InstanceRange> scale,
            Set<String> configured) {
        this.before = before;
        this.setupBefore = setupBefore;
        this.after = after;
        this.scale = Map.copyOf(scale);
        this.configured = Set.copyOf(configured);
    }

    /** One thing, of the lines that are about it. */
    private record Thing(String what, String name) {}

    List<Change> changes() {
        Map<Thing, Map<String, ManifestLine>> was = before.map(
                        build -> things(build.manifest(), lines(build, setupBefore)))
                .orElse(Map.of());
        Map<Thing, Map<String, ManifestLine>> is = things(after.manifest(), lines(planned(), after.setup()));
        Set<Thing> all = new LinkedHashSet<>(is.keySet());
        all.addAll(was.keySet());
        List<Change> changes = new ArrayList<>();
        for (Thing thing : all) {
            change(thing, was.getOrDefault(thing, Map.of()), is.getOrDefault(thing, Map.of()))
                    .ifPresent(changes::add);
        }
        return changes;
    }

    private Optional<Change> change(Thing thing, Map<String, ManifestLine> was, Map<String, ManifestLine> is) {
        Set<String> keys = new LinkedHashSet<>(is.keySet());
        keys.addAll(was.keySet());
        List<Detail> details = new ArrayList<>();
        for (String key : keys) {
            Optional<Object> old = Optional.ofNullable(was.get(key)).map(ManifestLine::value);
            Optional<Object> fresh = Optional.ofNullable(is.get(key)).map(ManifestLine::value);
            if (!old.map(Object::toString).equals(fresh.map(Object::toString))) {
                details.add(new Detail(key, old, fresh));
            }
        }
        boolean implied = !TABLES.containsValue(thing.what())
                && Stream.concat(was.values().stream(), is.values().stream())
                        .allMatch(line -> line.source().equals(ManifestLines.DEFAULT));
        if (details.isEmpty() || (implied && was.isEmpty())) {
            return Optional.empty();
        }
        Action action = was.isEmpty() ? Action.CREATE : is.isEmpty() ? Action.REMOVE : Action.CHANGE;
        return Optional.of(new Change(
                action, thing.what(), thing.name(), action == Action.REMOVE ? List.of() : details, note(thing)));
    }

    private Optional<String> note(Thing thing) {
        if (thing.what().equals("env") && configured.contains(thing.name())) {
            return Optional.of("has no effect: the config var of that name wins");
        }
        if (thing.what().equals("process") && scale.containsKey(thing.name())) {
            return Optional.of("how many instances it has was said by stoa scale, and stays");
        }
        return Optional.empty();
    }

    private List<ManifestLine> lines(BuildRow build, AppSetup setup) {
        return ManifestLines.of(AppManifest.effective(build, scale, new HashMap<>()), setup, Map.of());
    }

    /** The build as far as it is known before it is done: what the last one found out, the next one will. */
    private BuildRow planned() {
        Manifest manifest = after.manifest();
        Map<String, String> processes = new HashMap<>();
        before.ifPresent(build -> build.slug().processes().forEach((type, command) -> {
            Optional<String> said = build.manifest().process(type).command();
            // A buildpack may start what was said in its own way.
            if (said.isEmpty() || said.equals(manifest.process(type).command())) {
                processes.put(type, command);
            }
        }));
        manifest.processes()
                .forEach((type, process) ->
                        processes.putIfAbsent(type, process.command().orElse(FOUND_BY_BUILD)));
        Optional<String> release = before.filter(
                        build -> build.manifest().release().command().isEmpty())
                .flatMap(build -> build.slug().release());
        Slug slug = new Slug(Path.of("/"), "/", "", processes, release, Map.of(), List.of(), 0);
        return new BuildRow("", 0, slug, manifest);
    }

    private static Map<Thing, Map<String, ManifestLine>> things(Manifest manifest, List<ManifestLine> lines) {
        List<String> resources =
                manifest.resources().wishes().stream().map(wish -> wish.key()).toList();
        Map<Thing, Map<String, ManifestLine>> things = new LinkedHashMap<>();
        for (ManifestLine line : lines) {
            boolean resource = resources.stream()
                    .anyMatch(key -> line.key().equals(key) || line.key().startsWith(key + "."));
            String[] parts = line.key().split("\\.", 3);
            if (resource || ELSEWHERE.contains(parts[0])) {
                continue;
            }
            String what = TABLES.get(parts[0]);
            Thing thing = what == null ? new Thing(parts[0], parts[0]) : new Thing(what, parts[1]);
            String key = what == null
                    ? line.key().substring(parts.length == 1 ? 0 : parts[0].length() + 1)
                    : parts.length > 2 ? parts[2] : "value";
            things.computeIfAbsent(thing, added -> new LinkedHashMap<>()).put(Objects.requireNonNull(key), line);
        }
        return things;
    }
}
