package dev.stoa.platform.control;

import dev.stoa.api.Deploy;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.Nearest;
import dev.stoa.api.Resource;
import dev.stoa.api.Resource.Attachment;
import dev.stoa.api.ResourceManifest;
import dev.stoa.api.ResourceName;
import dev.stoa.api.ResourceRequests.Changed;
import dev.stoa.api.ResourceRequests.Create;
import dev.stoa.api.ResourceRequests.KeptResource;
import dev.stoa.api.ResourceRequests.Restore;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Threads;
import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.control.ResourceStore.AttachmentRow;
import dev.stoa.platform.control.ResourceStore.ResourceRow;
import dev.stoa.platform.resource.Inspection;
import dev.stoa.platform.resource.ResourceKind;
import dev.stoa.platform.resource.ResourceSpec;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * What can be done with the resources of any kind. What is made is written down first, and what is destroyed is deleted from
 * there last, so that the next platform goes on where one was killed.
 */
public final class Resources {
    private static final System.Logger LOG = System.getLogger(Resources.class.getName());

    /** The start has more urgent things to do. */
    private static final Duration COLLECT_FIRST = Duration.ofMinutes(1);

    private static final Duration COLLECT_EVERY = Duration.ofHours(1);

    private final AppStore apps;
    private final ResourceStore store;
    private final AppResources ofApps;
    private final Map<String, ResourceKind> kinds;
    private final InstantSource clock;
    private final Map<String, ReentrantLock> locks = new ConcurrentHashMap<>();
    private volatile boolean closed;
    private volatile BiFunction<AppRow, String, Deploy> rollOut = (app, why) -> {
        throw new IllegalStateException("not started");
    };

    Resources(Stores stores, List<ResourceKind> kinds, InstantSource clock) {
        this.apps = stores.apps();
        this.store = stores.resources();
        this.kinds = kinds.stream()
                .collect(Collectors.toMap(
                        ResourceKind::name, Function.identity(), (one, other) -> one, LinkedHashMap::new));
        this.clock = clock;
        this.ofApps = new AppResources(stores, this, clock);
    }

    /** What apps have. */
    AppResources ofApps() {
        return ofApps;
    }

    /** @param change makes a release of what an app has now, and says why in its description */
    void onChange(BiFunction<AppRow, String, Deploy> change) {
        rollOut = change;
    }

    ResourceKind kind(String name) {
        ResourceKind kind = kinds.get(name);
        if (kind == null) {
            throw new StoaException(
                    ErrorCode.NOT_FOUND,
                    "\"%s\" is no kind of resource that this platform provides".formatted(name),
                    "there are: " + String.join(", ", kinds.keySet()));
        }
        return kind;
    }

    /** Looks after everything that there is, and goes on with what was on its way. Returns at once. */
    void start() {
        collectAfter(COLLECT_FIRST);
        for (ResourceRow row : store.all()) {
            ResourceKind kind = kinds.get(row.kind());
            if (kind == null) {
                LOG.log(Level.WARNING, "nobody looks after a resource kind={0} name={1}", row.kind(), row.name());
                continue;
            }
            switch (row.state()) {
                case "ready" -> {
                    admit(row);
                    kind.resume(row.spec());
                }
                case "destroying" -> Threads.start("resource-destroy", () -> locked(row, () -> finishDestroy(row)));
                default -> Threads.start("resource-create", () -> locked(row, () -> provisioned(row)));
            }
        }
    }

    private void collectAfter(Duration delay) {
        ScheduledFuture<?> _ = Threads.after(delay, "resource-collect", () -> {
            if (closed) {
                return;
            }
            for (ResourceKind kind : kinds.values()) {
                try {
                    kind.collect();
                } catch (RuntimeException e) {
                    LOG.log(Level.WARNING, "cannot delete what was kept long enough kind=" + kind.name(), e);
                }
            }
            collectAfter(COLLECT_EVERY);
        });
    }

    /** What was destroyed and can still be had back, the latest first. */
    List<KeptResource> kept() {
        List<KeptResource> all = new ArrayList<>();
        kinds.values()
                .forEach(kind -> kind.kept()
                        .forEach(one ->
                                all.add(new KeptResource(kind.name(), one.name(), one.destroyedAt(), one.until()))));
        all.sort(Comparator.comparing(KeptResource::destroyedAt).reversed());
        return all;
    }

    /** Makes one again that was destroyed. */
    Changed restore(String kind, Restore wanted) {
        ResourceKind.Kept kept = kind(kind).kept().stream()
                .filter(one ->
                        one.name().equals(wanted.name()) && !one.secrets().isEmpty())
                .findFirst()
                .orElseThrow(() -> new StoaException(
                        ErrorCode.RESOURCE_NOT_FOUND,
                        "nothing is kept of a %s \"%s\" that was destroyed".formatted(kind, wanted.name()),
                        "stoa resources --destroyed lists what is"));
        return create(
                kind,
                new Create(wanted.as().orElse(kept.name()), kept.settings(), Optional.empty(), Optional.empty()),
                kept.secrets());
    }

    void rest() {
        kinds.values()
                .forEach(kind -> kind.rest(store.all().stream()
                        .filter(row -> row.kind().equals(kind.name()) && row.ready())
                        .map(ResourceRow::spec)
                        .toList()));
    }

    void close() {
        closed = true;
        kinds.values().forEach(kind -> {
            try {
                kind.close();
            } catch (Exception e) {
                LOG.log(Level.WARNING, "closing failed kind=" + kind.name(), e);
            }
        });
    }

    /** How many there are of each kind that has any. */
    public Map<String, Integer> counts() {
        Map<String, Integer> counts = new LinkedHashMap<>();
        store.all().forEach(row -> counts.merge(row.kind(), 1, Integer::sum));
        return counts;
    }

    /** @param kind empty for all kinds */
    List<Resource> list(Optional<String> kind) {
        kind.ifPresent(this::kind);
        return store.all().stream()
                .filter(row -> kind.isEmpty() || row.kind().equals(kind.get()))
                .map(row -> shown(row, false))
                .toList();
    }

    Resource show(String kind, String name, Optional<String> app) {
        return shown(require(kind, name, app), true);
    }

    /** @throws StoaException BAD_REQUEST for one of a kind that is found at no URL */
    String url(String kind, String name, Optional<String> app) {
        ResourceRow row = ready(require(kind, name, app));
        return kind(kind)
                .url(row.spec())
                .orElseThrow(() -> new StoaException(
                        ErrorCode.BAD_REQUEST, "the %s %s has no URL".formatted(kind, row.name()), ""));
    }

    /** Does something that only resources of its kind can do. */
    Resource act(String kind, String name, Optional<String> app, String action) {
        ResourceRow row = require(kind, name, app);
        Map<String, ResourceKind.Action> actions = kind(kind).actions();
        if (!actions.containsKey(action)) {
            throw new StoaException(
                    ErrorCode.NOT_FOUND,
                    "\"%s\" is nothing that can be done with a %s".formatted(action, kind),
                    actions.isEmpty() ? "" : "there are: " + String.join(", ", new TreeSet<>(actions.keySet())));
        }
        return locked(row, () -> {
            ResourceRow present = ready(require(row));
            actions.get(action).run(present.spec());
            return shown(present, true);
        });
    }

    /**
     * The resource of that name; of an app, the one that it knows by that name comes first. A name that only one app knows
     * will do, too.
     */
    ResourceRow require(String kind, String name, Optional<String> app) {
        kind(kind);
        Optional<AppRow> asking = app.flatMap(apps::find);
        List<AttachmentRow> called = store.attachments().stream()
                .filter(attachment ->
                        attachment.kind().equals(kind) && attachment.as().equals(name))
                .toList();
        Optional<ResourceRow> own = called.stream()
                .filter(attachment ->
                        asking.filter(row -> row.id() == attachment.app()).isPresent())
                .findFirst()
                .flatMap(attachment -> store.find(attachment.resource()));
        Optional<ResourceRow> found = own.or(() -> store.find(kind, name));
        if (found.isPresent()) {
            return found.get();
        }
        List<Long> known =
                called.stream().map(AttachmentRow::resource).distinct().toList();
        if (known.size() == 1) {
            return store.find(known.getFirst()).orElseThrow();
        }
        throw notFound(kind, name, called);
    }

    private StoaException notFound(String kind, String name, List<AttachmentRow> called) {
        List<String> names = store.all().stream()
                .filter(row -> row.kind().equals(kind))
                .map(ResourceRow::name)
                .toList();
        if (!called.isEmpty()) {
            return new StoaException(
                    ErrorCode.RESOURCE_NOT_FOUND,
                    "several apps have a %s that they call \"%s\"".formatted(kind, name),
                    "say which app you mean, with -a: "
                            + called.stream().map(AttachmentRow::appName).collect(Collectors.joining(", ")));
        }
        return new StoaException(
                ErrorCode.RESOURCE_NOT_FOUND,
                "there is no %s \"%s\"".formatted(kind, name),
                Nearest.of(name, names)
                        .map("did you mean \"%s\"?"::formatted)
                        .orElse(names.isEmpty() ? "there is none at all" : "there are: " + String.join(", ", names)));
    }

    Changed create(String kind, Create wanted) {
        return create(kind, wanted, Map.of());
    }

    /** @param secrets that go with it from the start */
    Changed create(String kind, Create wanted, Map<String, String> secrets) {
        ResourceKind maker = kind(kind);
        String name = new ResourceName(wanted.name()).value();
        String as = wanted.as().map(ResourceName::new).map(ResourceName::value).orElse(name);
        Map<String, String> settings = maker.settle(wanted.settings());
        Optional<AppRow> app = wanted.app().map(apps::require);
        app.ifPresent(row -> {
            ofApps.checkFree(row, maker, as, settings);
            ofApps.checkScale(row, maker, settings);
        });
        ResourceRow made = make(maker, name, settings, secrets, true);
        List<Deploy> deploys = app.map(row -> {
                    ofApps.attach(row, made, as, "command", Map.of());
                    return List.of(rollOut.apply(row, "Attach %s %s".formatted(kind, name)));
                })
                .orElse(List.of());
        return new Changed(shown(require(made), true), deploys);
    }

    /**
     * The resource of that name, made and ready.
     *
     * @param fresh whether one that is there already is an error
     */
    ResourceRow make(
            ResourceKind kind, String name, Map<String, String> settings, Map<String, String> secrets, boolean fresh) {
        Optional<ResourceRow> added = store.add(kind.name(), name, settings, secrets, clock.instant());
        if (added.isEmpty() && fresh) {
            throw new StoaException(
                    ErrorCode.RESOURCE_EXISTS,
                    "there is a %s \"%s\" already".formatted(kind.name(), name),
                    "choose another name; an app gets the one that there is by being attached to it");
        }
        ResourceRow row = added.or(() -> store.find(kind.name(), name)).orElseThrow();
        return locked(row, () -> {
            ResourceRow present = require(row);
            if (present.ready()) {
                return present;
            }
            try {
                return provisioned(present);
            } catch (RuntimeException e) {
                if (added.isPresent()) {
                    kind.destroy(present.spec());
                    store.delete(present.id());
                }
                throw e;
            }
        });
    }

    /** Brings one to other settings. Nothing happens if it has them. */
    ResourceRow change(ResourceRow row, Map<String, String> settings) {
        return locked(row, () -> {
            ResourceRow present = require(row);
            if (present.settings().equals(settings)) {
                return present;
            }
            ResourceKind kind = kind(row.kind());
            kind.checkChange(present.spec(), settings);
            ResourceSpec wanted = new ResourceSpec(present.id(), present.name(), settings, present.secrets());
            store.ready(present.id(), settings, kind.provision(wanted));
            return require(present);
        });
    }

    /** Gives one other secrets, which its kind has put in force. */
    ResourceRow changeSecrets(ResourceRow row, UnaryOperator<ResourceSpec> change) {
        return locked(row, () -> {
            ResourceRow present = require(row);
            store.secrets(present.id(), change.apply(ready(present).spec()).secrets());
            return require(present);
        });
    }

    /** Something long that is done with one alone: it is ready before and afterwards, whatever it becomes meanwhile. */
    void alone(ResourceRow row, BiConsumer<ResourceSpec, Consumer<ResourceSpec>> task) {
        ResourceRow _ = locked(row, () -> {
            ResourceRow present = require(row);
            task.accept(
                    ready(present).spec(), changed -> store.ready(present.id(), changed.settings(), changed.secrets()));
            return present;
        });
    }

    Changed attach(String kind, String name, String app, Optional<String> as) {
        AppRow row = apps.require(app);
        ResourceRow resource = ready(require(kind, name, Optional.empty()));
        String alias = as.map(ResourceName::new).map(ResourceName::value).orElse(resource.name());
        if (store.ofResource(resource.id()).stream().anyMatch(attachment -> attachment.app() == row.id())) {
            throw new StoaException(
                    ErrorCode.RESOURCE_EXISTS, "%s has the %s %s already".formatted(app, kind, resource.name()), "");
        }
        if (!kind(kind).isForManyApps()) {
            refuseSecond(resource, app);
        }
        ofApps.checkFree(row, kind(kind), alias, resource.settings());
        ofApps.checkScale(row, kind(kind), resource.settings());
        ofApps.attach(row, resource, alias, "command", Map.of());
        return changed(resource, List.of(row), "Attach");
    }

    private void refuseSecond(ResourceRow resource, String app) {
        store.ofResource(resource.id()).stream().findFirst().ifPresent(user -> {
            throw new StoaException(
                    ErrorCode.RESOURCE_IN_USE,
                    "the %s %s belongs to %s, and only one app can have it"
                            .formatted(resource.kind(), resource.name(), user.appName()),
                    "take it from %s first: stoa %s detach %s -a %s; %s gets it then"
                            .formatted(
                                    user.appName(),
                                    ResourceManifest.groupOf(resource.kind()),
                                    resource.name(),
                                    user.appName(),
                                    app));
        });
    }

    Changed detach(String kind, String name, String app) {
        AppRow row = apps.require(app);
        ResourceRow resource = require(kind, name, Optional.of(app));
        if (!store.detach(resource.id(), row.id())) {
            throw new StoaException(
                    ErrorCode.RESOURCE_NOT_FOUND,
                    "%s does not have the %s %s".formatted(app, kind, resource.name()),
                    "");
        }
        Changed changed = changed(resource, List.of(row), "Detach");
        admit(resource);
        return changed;
    }

    /** Has all apps that have it take what it is now. */
    Changed rollOut(ResourceRow resource, String verb) {
        return changed(
                resource,
                store.ofResource(resource.id()).stream()
                        .map(attachment -> apps.find(attachment.app()))
                        .flatMap(Optional::stream)
                        .toList(),
                verb);
    }

    private Changed changed(ResourceRow resource, List<AppRow> those, String verb) {
        String why = "%s %s %s".formatted(verb, resource.kind(), resource.name());
        List<Deploy> deploys =
                those.stream().map(app -> rollOut.apply(app, why)).toList();
        return new Changed(shown(require(resource), true), deploys);
    }

    /**
     * Refuses while an app has it.
     *
     * @param backups the databases whose backups in it are known to go with it
     */
    void destroy(String kind, String name, Optional<String> app, List<String> backups) {
        ResourceRow row = require(kind, name, app);
        locked(row, () -> {
            List<AttachmentRow> users = store.ofResource(row.id());
            if (!users.isEmpty()) {
                throw new StoaException(
                        ErrorCode.RESOURCE_IN_USE,
                        "the %s %s is used by %s, and was not destroyed"
                                .formatted(
                                        kind,
                                        row.name(),
                                        users.stream()
                                                .map(AttachmentRow::appName)
                                                .collect(Collectors.joining(", "))),
                        users.stream()
                                .map(user -> "take it from the app first: stoa %s detach %s -a %s"
                                        .formatted(ResourceManifest.groupOf(kind), row.name(), user.appName()))
                                .collect(Collectors.joining("\n")));
            }
            ResourceRow present = require(row);
            Set<String> lost = new TreeSet<>(kind(kind).backedUpIn(present.spec()));
            backups.forEach(lost::remove);
            if (!lost.isEmpty()) {
                throw new StoaException(
                        ErrorCode.RESOURCE_IN_USE,
                        "the %s %s holds the backups of %s, and was not destroyed"
                                .formatted(kind, row.name(), String.join(", ", lost)),
                        "have them backed up elsewhere (stoa db backup-to), or destroy their backups, too: stoa %s destroy %s %s"
                                .formatted(
                                        ResourceManifest.groupOf(kind),
                                        row.name(),
                                        lost.stream()
                                                .map("--with-backups-of %s"::formatted)
                                                .collect(Collectors.joining(" "))));
            }
            if (present.ready()) {
                Optional<String> kept = kind(kind).backup(present.spec());
                kept.ifPresent(backup -> LOG.log(
                        Level.INFO, "kept a last backup kind={0} name={1} backup={2}", kind, row.name(), backup));
            }
            store.state(row.id(), "destroying", Optional.empty());
            return finishDestroy(present);
        });
    }

    private ResourceRow finishDestroy(ResourceRow row) {
        kind(row.kind()).destroy(row.spec());
        store.delete(row.id());
        return row;
    }

    private ResourceRow provisioned(ResourceRow row) {
        try {
            store.ready(row.id(), row.settings(), kind(row.kind()).provision(row.spec()));
        } catch (RuntimeException e) {
            store.state(row.id(), "failed", Optional.ofNullable(e.getMessage()));
            throw e;
        }
        return require(row);
    }

    /** Lets exactly those reach it that have it. */
    void admit(ResourceRow row) {
        kind(row.kind())
                .admit(
                        row.spec(),
                        store.ofResource(row.id()).stream()
                                .map(AttachmentRow::app)
                                .collect(Collectors.toSet()));
    }

    static ResourceRow ready(ResourceRow row) {
        if (!row.ready()) {
            throw new StoaException(
                    ErrorCode.RESOURCE_NOT_READY,
                    "the %s %s is not ready: %s%s"
                            .formatted(
                                    row.kind(),
                                    row.name(),
                                    row.state(),
                                    row.reason().map(why -> ", " + why).orElse("")),
                    "try again in a moment; if it has failed, destroy it and make it again");
        }
        return row;
    }

    private ResourceRow require(ResourceRow row) {
        return store.find(row.id())
                .orElseThrow(() -> new StoaException(
                        ErrorCode.RESOURCE_NOT_FOUND,
                        "the %s %s was destroyed meanwhile".formatted(row.kind(), row.name()),
                        ""));
    }

    private Resource shown(ResourceRow row, boolean closely) {
        ResourceKind kind = kind(row.kind());
        Inspection inspection = new Inspection(row.state(), row.reason(), Map.of());
        if (row.ready()) {
            try {
                inspection = closely ? kind.inspect(row.spec()) : kind.glance(row.spec());
            } catch (StoaException e) {
                inspection = new Inspection("failed", Optional.of(e.message()), Map.of());
            }
        }
        List<Attachment> users = store.ofResource(row.id()).stream()
                .map(attachment -> new Attachment(
                        attachment.appName(),
                        attachment.as(),
                        kind.vars(ofApps.binding(attachment)).stream().sorted().toList()))
                .toList();
        return new Resource(
                row.kind(),
                row.name(),
                inspection.state(),
                inspection.reason(),
                row.settings(),
                inspection.facts(),
                users,
                row.createdAt());
    }

    private <T> T locked(ResourceRow row, Supplier<T> task) {
        ReentrantLock lock = locks.computeIfAbsent(row.kind() + "/" + row.name(), key -> new ReentrantLock());
        lock.lock();
        try {
            return task.get();
        } finally {
            lock.unlock();
        }
    }
}
