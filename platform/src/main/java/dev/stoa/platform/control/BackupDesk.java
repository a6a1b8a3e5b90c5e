package dev.stoa.platform.control;

import dev.stoa.api.BackupRequests.Backups;
import dev.stoa.api.BackupRequests.Place;
import dev.stoa.api.BackupRequests.RecoveryKey;
import dev.stoa.api.BackupRequests.Restore;
import dev.stoa.api.BackupRequests.RestoreFrom;
import dev.stoa.api.BackupRequests.Work;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.ResourceName;
import dev.stoa.api.ResourceRequests.Changed;
import dev.stoa.api.ResourceRequests.Create;
import dev.stoa.api.StoaException;
import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.control.ResourceStore.AttachmentRow;
import dev.stoa.platform.control.ResourceStore.ResourceRow;
import dev.stoa.platform.resource.BackupPlace;
import dev.stoa.platform.resource.DatabaseBackups;
import dev.stoa.platform.resource.DatabaseSeeds.Seed;
import dev.stoa.platform.resource.Databases;
import dev.stoa.platform.resource.KeptArchive;
import dev.stoa.platform.resource.ResourceSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What people do with backups: make, list and restore them, and put what was restored in the place of another. */
public final class BackupDesk {
    private final Resources resources;
    private final ResourceStore store;
    private final AppStore apps;
    private final ArchiveStore archives;
    private final Databases databases;
    private final Announcer announcer;
    private final Works works = new Works();

    BackupDesk(Resources resources, Stores stores, Databases databases, Announcer announcer) {
        this.resources = resources;
        this.store = stores.resources();
        this.apps = stores.apps();
        this.archives = stores.archives();
        this.databases = databases;
        this.announcer = announcer;
    }

    void start() {
        databases.backups().start(archives, this::tellApps);
    }

    /** What keeps databases from being backed up. */
    public List<String> problems() {
        return databases.backups().problems();
    }

    private void tellApps(long resource, String text) {
        for (AttachmentRow attachment : store.ofResource(resource)) {
            apps.find(attachment.app()).ifPresent(app -> announcer.say(app, text));
        }
    }

    private DatabaseBackups backups() {
        return databases.backups();
    }

    private ResourceSpec spec(String name, Optional<String> app) {
        return Resources.ready(resources.require(Databases.NAME, name, app)).spec();
    }

    Backups list(String name, Optional<String> app) {
        Optional<KeptArchive> kept = kept(name, app);
        return kept.isPresent() ? backups().list(kept.get()) : backups().list(spec(name, app));
    }

    List<Backups> destroyed() {
        return backups().kept().stream().map(kept -> backups().list(kept)).toList();
    }

    /** Of a database that was destroyed, by its name or its archive's; one that there is comes before. */
    private Optional<KeptArchive> kept(String name, Optional<String> app) {
        try {
            ResourceRow _ = resources.require(Databases.NAME, name, app);
            return Optional.empty();
        } catch (StoaException e) {
            if (e.code() != ErrorCode.RESOURCE_NOT_FOUND) {
                throw e;
            }
            return backups().kept().stream()
                    .filter(kept ->
                            kept.name().equals(name) || kept.place().archive().equals(name))
                    .findFirst();
        }
    }

    Work backup(String name, Optional<String> app, boolean prove) {
        ResourceSpec spec = spec(name, app);
        return works.start("backup", () -> {
            String id = backups().copy(spec);
            if (prove) {
                backups().prove(spec, id);
            } else {
                backups().proveLater(spec, id);
            }
            return id;
        });
    }

    Work await(String id) {
        return works.await(id);
    }

    RecoveryKey key(String name, Optional<String> app) {
        Optional<KeptArchive> kept = kept(name, app);
        BackupPlace place = kept.isPresent() ? kept.get().place() : backups().place(spec(name, app));
        return new RecoveryKey(place.key(), place.archive(), place.to());
    }

    /** From then on; what there is stays where it is. A first backup is made there at once. */
    Work move(String name, Optional<String> app, Place to) {
        ResourceRow row = Resources.ready(resources.require(Databases.NAME, name, app));
        BackupPlace moved = backups().moved(row.spec(), to);
        return works.start("backup", () -> {
            ResourceRow changed = resources.changeSecrets(row, spec -> backups().withPlace(spec, moved));
            databases.watch(changed.spec());
            String id = backups().copy(changed.spec());
            backups().proveLater(changed.spec(), id);
            return id;
        });
    }

    Work restore(String name, Optional<String> app, Restore wanted) {
        Optional<KeptArchive> kept = kept(name, app);
        String as = free(wanted.as()
                .or(() -> kept.map(KeptArchive::name))
                .orElseThrow(() -> new StoaException(
                        ErrorCode.BAD_REQUEST,
                        "a restore makes a new database beside %s, and no name was given for it".formatted(name),
                        "stoa db restore %s --as NEW".formatted(name))));
        if (kept.isPresent()) {
            Seed seed = databases.seeds().restore(kept.get(), wanted.to());
            return making("restore", as, seed);
        }
        Seed seed = databases.seeds().restore(spec(name, app), wanted.to());
        return making("restore", as, seed);
    }

    Work restore(RestoreFrom wanted) {
        String as = free(wanted.as());
        BackupPlace place = BackupPlace.found(wanted.place(), wanted.key(), wanted.archive());
        Seed seed = databases.seeds().restore(place, Map.of(), wanted.to(), Optional.empty());
        return making("restore", as, seed);
    }

    Work fork(String name, Optional<String> app, String wanted) {
        String as = free(wanted);
        Seed seed = databases.seeds().fork(spec(name, app));
        return making("fork", as, seed);
    }

    /** Returns where the last backup is of what it was before. */
    Work upgrade(String name, Optional<String> app, Optional<String> version) {
        ResourceRow row = Resources.ready(resources.require(Databases.NAME, name, app));
        return works.start("upgrade", () -> {
            resources.alone(row, (spec, remember) -> databases.upgrade(spec, version, remember));
            ResourceRow now = store.find(row.id()).orElse(row);
            tellApps(
                    row.id(),
                    "The database %s has PostgreSQL %s now"
                            .formatted(row.name(), now.settings().get("version")));
            return backups().kept().stream()
                    .filter(kept -> kept.name().equals(row.name()))
                    .findFirst()
                    .map(kept -> kept.place().archive())
                    .orElse("");
        });
    }

    /** Refuses a name that is taken before anything long begins. */
    private String free(String name) {
        String as = new ResourceName(name).value();
        if (store.find(Databases.NAME, as).isPresent()) {
            throw new StoaException(
                    ErrorCode.RESOURCE_EXISTS,
                    "there is a database \"%s\" already".formatted(as),
                    "choose another name: a restore and a fork make a new database, and touch none that there is");
        }
        return as;
    }

    private Work making(String what, String as, Seed seed) {
        return works.start(what, () -> {
            Changed made = resources.create(
                    Databases.NAME,
                    new Create(as, seed.settings(), Optional.empty(), Optional.empty()),
                    seed.secrets());
            return made.resource().name();
        });
    }

    /** Every app that has the other database has this one from now on, by the same name. The other stays as it is. */
    Changed promote(String name, String over) {
        ResourceRow promoted = Resources.ready(resources.require(Databases.NAME, name, Optional.empty()));
        ResourceRow former = resources.require(Databases.NAME, over, Optional.empty());
        if (former.id() == promoted.id()) {
            throw new StoaException(ErrorCode.BAD_REQUEST, "%s is %s itself".formatted(over, name), "");
        }
        List<AttachmentRow> users = store.ofResource(former.id());
        if (users.isEmpty()) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "no app has the database %s, and so there is nothing to switch".formatted(former.name()),
                    "to give %s to an app: stoa db attach %s -a APP".formatted(promoted.name(), promoted.name()));
        }
        List<String> both = new ArrayList<>();
        for (AttachmentRow has : store.ofResource(promoted.id())) {
            users.stream()
                    .filter(user -> user.app() == has.app())
                    .map(AttachmentRow::appName)
                    .forEach(both::add);
        }
        if (!both.isEmpty()) {
            throw new StoaException(
                    ErrorCode.RESOURCE_EXISTS,
                    "%s has both %s and %s".formatted(String.join(", ", both), promoted.name(), former.name()),
                    "stoa db detach %s -a %s".formatted(promoted.name(), both.getFirst()));
        }
        store.handOver(former.id(), promoted.id());
        resources.admit(promoted);
        Changed changed = resources.rollOut(promoted, "Promote");
        for (AttachmentRow user : users) {
            Optional<AppRow> app = apps.find(user.app());
            app.ifPresent(row -> announcer.say(
                    row, "The database %s takes the place of %s".formatted(promoted.name(), former.name())));
        }
        return changed;
    }
}
