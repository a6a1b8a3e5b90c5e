package dev.stoa.platform.control;

import dev.stoa.api.Addon;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.Manifest;
import dev.stoa.api.MergedManifest;
import dev.stoa.api.ResourceManifest;
import dev.stoa.api.ResourceManifest.Wish;
import dev.stoa.api.ResourceRequests.ManagedVar;
import dev.stoa.api.StoaException;
import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.control.ResourceStore.AttachmentRow;
import dev.stoa.platform.control.ResourceStore.ResourceRow;
import dev.stoa.platform.resource.Binding;
import dev.stoa.platform.resource.ResourceKind;
import dev.stoa.platform.resource.Volumes;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What apps have of the resources: the config vars that they get, and what their manifests ask for. */
final class AppResources {
    /** The name whose holder is the chief one of its kind. */
    private static final String MAIN = "main";

    private final AppStore apps;
    private final ConfigStore configs;
    private final ReleaseStore releases;
    private final ResourceStore store;
    private final Resources resources;
    private final InstantSource clock;

    AppResources(Stores stores, Resources resources, InstantSource clock) {
        this.apps = stores.apps();
        this.configs = stores.configs();
        this.releases = stores.releases();
        this.store = stores.resources();
        this.resources = resources;
        this.clock = clock;
    }

    /** The config vars that the app has from its resources, now. */
    Map<String, String> vars(AppRow app) {
        Map<String, String> vars = new TreeMap<>();
        managed(app).forEach(managed -> vars.put(managed.name(), managed.value()));
        return vars;
    }

    List<ManagedVar> managed(String app) {
        return managed(apps.require(app));
    }

    /** By name. */
    private List<ManagedVar> managed(AppRow app) {
        List<ManagedVar> vars = new ArrayList<>();
        for (AttachmentRow attachment : store.ofApp(app.id())) {
            Optional<ResourceRow> row = store.find(attachment.resource()).filter(ResourceRow::ready);
            row.ifPresent(resource -> resources
                    .kind(resource.kind())
                    .bind(resource.spec(), binding(attachment))
                    .forEach((name, value) -> vars.add(new ManagedVar(name, value, resource.kind(), resource.name()))));
        }
        vars.sort(Comparator.comparing(ManagedVar::name));
        return vars;
    }

    /** Refuses to set or unset what comes from a resource. */
    void checkSettable(AppRow app, Set<String> names) {
        for (ManagedVar managed : managed(app)) {
            if (names.contains(managed.name())) {
                throw new StoaException(
                        ErrorCode.BAD_REQUEST,
                        "%s is managed: %s has it from the %s %s, and nothing was changed"
                                .formatted(managed.name(), app.name(), managed.kind(), managed.resource()),
                        "to set it yourself, take the %s from the app: stoa %s detach %s -a %s"
                                .formatted(
                                        managed.kind(),
                                        ResourceManifest.groupOf(managed.kind()),
                                        managed.resource(),
                                        app.name()));
            }
        }
    }

    /** Refuses an attachment whose name or config vars the app has already. */
    void checkFree(AppRow app, ResourceKind kind, String as, Map<String, String> settings) {
        List<AttachmentRow> present = store.ofApp(app.id());
        Map<String, Map<String, String>> together = settingsOf(app, kind.name());
        together.put(as, settings);
        kind.checkTogether(together);
        for (AttachmentRow attachment : present) {
            if (attachment.kind().equals(kind.name()) && attachment.as().equals(as)) {
                throw new StoaException(
                        ErrorCode.RESOURCE_EXISTS,
                        "%s has another %s that it calls \"%s\"".formatted(app.name(), kind.name(), as),
                        "attach this one under another name: --as NAME");
            }
        }
        Set<String> taken = new TreeSet<>(kind.vars(new Binding(as, becomesChief(present, kind.name(), as), Map.of())));
        taken.retainAll(configs.read(app.id()).keySet());
        if (!taken.isEmpty()) {
            throw new StoaException(
                    ErrorCode.RESOURCE_EXISTS,
                    "%s has %s of its own, which the %s \"%s\" would give it"
                            .formatted(app.name(), String.join(" and ", taken), kind.name(), as),
                    "stoa config unset %s -a %s".formatted(String.join(" ", taken), app.name()));
        }
    }

    /** Refuses a volume with one writer at a time to an app that has several instances to write. */
    void checkScale(AppRow app, ResourceKind kind, Map<String, String> settings) {
        if (kind.name().equals(Volumes.NAME)) {
            releases.active(app.id())
                    .map(release -> releases.build(release.build()).manifest())
                    .ifPresent(manifest -> AppVolumes.checkScale(settings, manifest, apps.scale(app.id())));
        }
    }

    /** By the app's names, the settings of what it has of a kind. */
    private Map<String, Map<String, String>> settingsOf(AppRow app, String kind) {
        Map<String, Map<String, String>> settings = new TreeMap<>();
        for (AttachmentRow attachment : store.ofApp(app.id())) {
            if (attachment.kind().equals(kind)) {
                store.find(attachment.resource()).ifPresent(row -> settings.put(attachment.as(), row.settings()));
            }
        }
        return settings;
    }

    private static boolean becomesChief(List<AttachmentRow> present, String kind, String as) {
        return as.equals(MAIN)
                || present.stream().noneMatch(other -> other.kind().equals(kind));
    }

    void attach(AppRow app, ResourceRow resource, String as, String origin, Map<String, String> settings) {
        store.attach(resource.id(), app.id(), as, origin, settings, clock.instant());
        resources.admit(resource);
    }

    Binding binding(AttachmentRow attachment) {
        List<AttachmentRow> alike = store.ofApp(attachment.app()).stream()
                .filter(other -> other.kind().equals(attachment.kind()))
                .toList();
        long chief = alike.stream()
                .filter(other -> other.as().equals(MAIN))
                .findFirst()
                .orElse(alike.isEmpty() ? attachment : alike.getFirst())
                .resource();
        return new Binding(attachment.as(), attachment.resource() == chief, attachment.settings(), attachment.app());
    }

    /**
     * Leaves out the add-ons that stand for what the app has already, or for what cannot be given: unlike a table of
     * stoa.toml they were not written for this platform, and never keep an app from being deployed.
     */
    MergedManifest settled(AppRow app, MergedManifest merged) {
        MergedManifest settled = merged;
        for (Addon addon : merged.addons()) {
            Optional<List<String>> refusal = refusal(app, merged, addon);
            if (refusal.isPresent()) {
                settled = settled.without(addon, refusal.get());
            }
        }
        return settled;
    }

    /** Why an add-on gives the app nothing, for people. */
    private Optional<List<String>> refusal(AppRow app, MergedManifest merged, Addon addon) {
        Wish wish = addon.wish();
        List<AttachmentRow> alike = store.ofApp(app.id()).stream()
                .filter(attachment -> attachment.kind().equals(wish.kind()))
                .toList();
        if (alike.stream().anyMatch(attachment -> attachment.as().equals(wish.name()))) {
            return Optional.empty();
        }
        String notUsed = "app.json: %s is not used: %s has ".formatted(addon.service(), app.name());
        Optional<AttachmentRow> other = alike.stream()
                .filter(attachment -> merged.addons().stream()
                        .noneMatch(a -> a.wish().kind().equals(wish.kind())
                                && a.wish().name().equals(attachment.as())))
                .findFirst();
        if (other.isPresent()) {
            return Optional.of(List.of(
                    notUsed + "the %s \"%s\"".formatted(wish.kind(), other.get().as())));
        }
        Set<String> set = vars(app, wish);
        set.removeIf(name -> !configs.read(app.id()).containsKey(name)
                && !merged.manifest().env().containsKey(name));
        if (!set.isEmpty()) {
            return Optional.of(List.of(notUsed + String.join(" and ", set) + " of its own"));
        }
        try {
            check(app, wish);
            return Optional.empty();
        } catch (StoaException e) {
            List<String> why = new ArrayList<>();
            why.add("app.json: %s is not provided: %s".formatted(addon.service(), e.message()));
            e.hint().ifPresent(hint -> why.add("    " + hint));
            return Optional.of(why);
        }
    }

    /** Refuses a manifest that asks for what cannot be given, before anything is built. */
    void check(AppRow app, Manifest manifest) {
        for (Wish wish : manifest.resources().wishes()) {
            try {
                check(app, wish);
                Map<String, Map<String, String>> together = together(app, manifest, wish);
                resources.kind(wish.kind()).checkTogether(together);
                if (wish.kind().equals(Volumes.NAME)) {
                    AppVolumes.checkScale(together.getOrDefault(wish.name(), Map.of()), manifest, apps.scale(app.id()));
                }
            } catch (StoaException e) {
                throw new StoaException(
                        e.code(),
                        "[%s]: %s".formatted(wish.key(), e.message()),
                        e.hint().orElse(""),
                        e);
            }
        }
    }

    private void check(AppRow app, Wish wish) {
        ResourceKind kind = resources.kind(wish.kind());
        Optional<ResourceRow> present = present(app, wish);
        if (present.isEmpty()) {
            checkFree(app, kind, wish.name(), kind.settle(wish.settings()));
        } else {
            kind.checkChange(present.get().spec(), wanted(kind, present.get(), wish));
        }
    }

    /** What the app will have of a kind, as far as its manifest has been checked: the tables up to this one. */
    private Map<String, Map<String, String>> together(AppRow app, Manifest manifest, Wish last) {
        Map<String, Map<String, String>> settings = settingsOf(app, last.kind());
        List<Wish> wishes = manifest.resources().wishes();
        wishes.subList(0, wishes.indexOf(last) + 1).stream()
                .filter(wish -> wish.kind().equals(last.kind()))
                .forEach(wish -> settings.put(wish.name(), settled(settings.get(wish.name()), wish)));
        return settings;
    }

    private Map<String, String> settled(@Nullable Map<String, String> present, Wish wish) {
        Map<String, String> wanted = present == null ? new HashMap<>() : new HashMap<>(present);
        wanted.putAll(wish.settings());
        return resources.kind(wish.kind()).settle(wanted);
    }

    /** The names of the config vars that the app will have from what it is yet to be given. */
    Set<String> vars(AppRow app, Wish wish) {
        boolean chief = becomesChief(store.ofApp(app.id()), wish.kind(), wish.name());
        return new TreeSet<>(resources.kind(wish.kind()).vars(new Binding(wish.name(), chief, wish.settings())));
    }

    /** The names of the config vars that the app has, and those that its manifest will give it. */
    Set<String> promised(AppRow app, Manifest manifest) {
        Set<String> names = new HashSet<>(vars(app).keySet());
        Set<String> met = new HashSet<>();
        store.ofApp(app.id()).forEach(attachment -> met.add(attachment.kind()));
        for (Wish wish : manifest.resources().wishes()) {
            boolean chief = met.add(wish.kind()) || wish.name().equals(MAIN);
            names.addAll(resources.kind(wish.kind()).vars(new Binding(wish.name(), chief, wish.settings())));
        }
        return names;
    }

    /**
     * What its manifest asks for, against what the app has.
     *
     * @throws StoaException if it asks for what cannot be given
     */
    List<ResourceStep> steps(AppRow app, Manifest manifest) {
        List<ResourceStep> steps = new ArrayList<>();
        Set<String> wanted = new HashSet<>();
        for (Wish wish : manifest.resources().wishes()) {
            wanted.add(wish.kind() + "/" + wish.name());
            steps.add(step(app, wish));
        }
        for (AttachmentRow attachment : store.ofApp(app.id())) {
            if (attachment.origin().equals("manifest") && !wanted.contains(attachment.kind() + "/" + attachment.as())) {
                store.find(attachment.resource())
                        .ifPresent(row -> steps.add(new ResourceStep.Leave(row, attachment.as())));
            }
        }
        return steps;
    }

    private ResourceStep step(AppRow app, Wish wish) {
        ResourceKind kind = resources.kind(wish.kind());
        Optional<ResourceRow> present = present(app, wish);
        if (present.isPresent()) {
            return new ResourceStep.Keep(wish, present.get(), wanted(kind, present.get(), wish));
        }
        String name = app.name() + "-" + wish.name();
        Optional<ResourceRow> left = store.find(wish.kind(), name);
        if (left.isPresent()) {
            return new ResourceStep.Take(wish, left.get(), wanted(kind, left.get(), wish));
        }
        return new ResourceStep.Make(wish, name, kind.settle(wish.settings()));
    }

    /** Gives the app what its manifest asks for, by the steps that a plan shows. */
    void provide(AppRow app, Manifest manifest, Consumer<String> say) {
        for (ResourceStep step : steps(app, manifest)) {
            switch (step) {
                case ResourceStep.Make make -> {
                    say.accept("-----> Making the %s %s".formatted(make.wish().kind(), make.name()));
                    ResourceKind kind = resources.kind(make.wish().kind());
                    give(app, make.wish(), resources.make(kind, make.name(), make.settings(), Map.of(), false));
                }
                case ResourceStep.Take take -> {
                    say.accept("-----> Taking the %s %s"
                            .formatted(take.wish().kind(), take.row().name()));
                    ResourceKind kind = resources.kind(take.wish().kind());
                    // An earlier deploy may have been killed while it was made.
                    ResourceRow made =
                            resources.make(kind, take.row().name(), take.row().settings(), Map.of(), false);
                    give(app, take.wish(), resources.change(made, take.settings()));
                }
                case ResourceStep.Keep keep -> keep(app, keep, say);
                case ResourceStep.Leave leave ->
                    say.accept(
                            "       Nothing asks for the %s %s any more: it stays, with its data, until it is detached and destroyed"
                                    .formatted(leave.row().kind(), leave.row().name()));
            }
        }
    }

    private void give(AppRow app, Wish wish, ResourceRow row) {
        attach(app, row, wish.name(), "manifest", wish.settings());
    }

    private void keep(AppRow app, ResourceStep.Keep keep, Consumer<String> say) {
        ResourceRow row = Resources.ready(keep.row());
        if (keep.changes()) {
            say.accept("-----> Changing the %s %s: %s"
                    .formatted(row.kind(), row.name(), difference(row, keep.settings())));
            ResourceRow _ = resources.change(row, keep.settings());
        }
        store.claim(row.id(), app.id(), keep.wish().settings());
    }

    private static String difference(ResourceRow row, Map<String, String> wanted) {
        List<String> changes = new ArrayList<>();
        new TreeMap<>(wanted).forEach((key, value) -> {
            String before = row.settings().getOrDefault(key, "none");
            if (!before.equals(value)) {
                changes.add("%s %s -> %s".formatted(key, before, value));
            }
        });
        return String.join(", ", changes);
    }

    /** What the app calls by that name, or what an earlier app of its name has left. */
    private Optional<ResourceRow> present(AppRow app, Wish wish) {
        Optional<ResourceRow> attached = store.ofApp(app.id()).stream()
                .filter(attachment ->
                        attachment.kind().equals(wish.kind()) && attachment.as().equals(wish.name()))
                .findFirst()
                .flatMap(attachment -> store.find(attachment.resource()));
        if (attached.isEmpty()) {
            refuseForeign(app, wish);
        }
        return attached;
    }

    private void refuseForeign(AppRow app, Wish wish) {
        String name = app.name() + "-" + wish.name();
        store.find(wish.kind(), name).map(row -> store.ofResource(row.id())).ifPresent(users -> {
            if (!users.isEmpty()) {
                throw new StoaException(
                        ErrorCode.RESOURCE_IN_USE,
                        "the %s %s is there already, and belongs to %s"
                                .formatted(wish.kind(), name, users.getFirst().appName()),
                        "attach it to %s under the name %s, or call this one otherwise"
                                .formatted(app.name(), wish.name()));
            }
        });
    }

    private static Map<String, String> wanted(ResourceKind kind, ResourceRow row, Wish wish) {
        Map<String, String> wanted = new HashMap<>(row.settings());
        wanted.putAll(wish.settings());
        return kind.settle(wanted);
    }
}
