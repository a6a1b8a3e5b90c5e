package dev.stoa.platform.control;

import dev.stoa.api.App;
import dev.stoa.api.AppName;
import dev.stoa.api.Deploy;
import dev.stoa.api.DeployEvent;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.Instance;
import dev.stoa.api.InstanceRange;
import dev.stoa.api.LogLine;
import dev.stoa.api.ProcessType;
import dev.stoa.api.Release;
import dev.stoa.api.Requests.ChangeConfig;
import dev.stoa.api.Requests.Scale;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.FileTree;
import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.control.ReleaseStore.BuildRow;
import dev.stoa.platform.control.ReleaseStore.ReleaseRow;
import dev.stoa.platform.control.RolloutStore.RolloutRow;
import dev.stoa.platform.observe.LogQuery;
import dev.stoa.platform.observe.LogStore;
import java.io.InputStream;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What users can do with apps, one method for each thing. */
public final class Apps {
    private static final int DEPLOYS_SHOWN = 50;
    static final int INSTANCES_MAX = 100;

    private static final Pattern VAR_NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

    private final Home home;
    private final Stores stores;
    private final Deployments deployments;
    private final Reconciler reconciler;
    private final Crons crons;
    private final AppResources resources;
    private final AppVolumes volumes;
    private final View view;
    private final LogStore logs;
    private final Runs runs;
    private final Urls urls;
    private final Domains domains;
    private final InstantSource clock;

    Apps(
            Home home,
            Stores stores,
            Deployments deployments,
            Reconciler reconciler,
            Crons crons,
            AppResources resources,
            AppVolumes volumes,
            View view,
            LogStore logs,
            Runs runs,
            Urls urls,
            Domains domains,
            InstantSource clock) {
        this.home = home;
        this.stores = stores;
        this.deployments = deployments;
        this.reconciler = reconciler;
        this.crons = crons;
        this.resources = resources;
        this.volumes = volumes;
        this.view = view;
        this.logs = logs;
        this.runs = runs;
        this.urls = urls;
        this.domains = domains;
        this.clock = clock;
    }

    static StoaException nothingDeployed(AppRow app) {
        return new StoaException(
                ErrorCode.NOTHING_DEPLOYED,
                "nothing has been deployed to %s yet".formatted(app.name()),
                "stoa deploy PATH -a " + app.name());
    }

    List<App> list() {
        return stores.apps().all().stream().map(this::shown).toList();
    }

    App show(String name) {
        return shown(stores.apps().require(name));
    }

    App create(String name) {
        AppName valid = new AppName(name);
        return stores.apps()
                .create(valid, clock.instant())
                .map(this::created)
                .orElseThrow(() -> new StoaException(
                        ErrorCode.APP_EXISTS,
                        "there is an app \"%s\" already".formatted(name),
                        "choose another name, or deploy to it: stoa deploy PATH -a " + name));
    }

    private App created(AppRow app) {
        reconciler.lookAgain(app.id());
        return shown(app);
    }

    /** Ends and deletes all of it. */
    void destroy(String name) {
        AppRow app = stores.apps().require(name);
        try {
            deployments.retire(app);
            crons.retire(app);
            reconciler.retire(app);
            runs.endAll(app);
            FileTree.delete(home.app(app.name()));
            logs.delete(app.name());
            deployments.forget(app);
            stores.apps().delete(app.id());
        } catch (RuntimeException e) {
            deployments.unretire(app);
            crons.unretire(app);
            reconciler.unretire(app);
            throw e;
        }
    }

    /** Takes the source and puts its deploy into the queue; makes the app if there is none of the name. */
    Deploy deploy(String name, InputStream archive) {
        return deploy(name, "Deploy", archive::transferTo);
    }

    /** The same, for a release that is to get only so many percent of the requests. */
    Deploy deployCanary(String name, InputStream archive, int percent) {
        AppRow app = Canaries.require(stores, name, percent);
        String id = deployments.nextId();
        Uploads.store(home.upload(id), archive::transferTo);
        return deployments.submit(id, app, "deploy", "Deploy", Optional.empty(), Optional.of(percent));
    }

    /**
     * The same, of a source that its owner writes.
     *
     * @param source writes a tar.gz
     */
    Deploy deploy(String name, String description, Uploads.Source source) {
        AppName valid = new AppName(name);
        String id = deployments.nextId();
        Uploads.store(home.upload(id), source);
        return deployments.submit(id, ensure(valid), "deploy", description, Optional.empty());
    }

    boolean exists(String name) {
        return stores.apps().find(name).isPresent();
    }

    /** The app of that name, made if there is none. */
    AppRow ensure(AppName name) {
        AppRow app = stores.apps()
                .create(name, clock.instant())
                .orElseGet(() -> stores.apps().require(name.value()));
        reconciler.lookAgain(app.id());
        return app;
    }

    /** Of all apps, those on their way first. */
    List<Deploy> deploys() {
        return stores.deploys().latest(DEPLOYS_SHOWN);
    }

    List<Deploy> deploys(String name) {
        return stores.deploys().ofApp(stores.apps().require(name).id(), DEPLOYS_SHOWN);
    }

    Deploy deploy(String name, String id) {
        return deployments.find(stores.apps().require(name), id).deploy();
    }

    void followDeploy(String name, String id, Consumer<DeployEvent> sink) throws InterruptedException {
        deployments.follow(stores.apps().require(name), id, sink);
    }

    Deploy cancelDeploy(String name, String id) {
        return deployments.cancel(stores.apps().require(name), id);
    }

    Map<String, String> config(String name) {
        AppRow app = stores.apps().require(name);
        Map<String, String> config = new TreeMap<>(stores.configs().read(app.id()));
        config.putAll(resources.vars(app));
        return config;
    }

    /** @param follow whether to go on with what comes, until the thread is interrupted or the sink throws */
    void logs(String name, LogQuery query, boolean follow, Consumer<LogLine> sink) throws InterruptedException {
        AppRow app = stores.apps().require(name);
        if (follow) {
            logs.follow(app.name(), query, sink);
        } else {
            logs.read(app.name(), query).forEach(sink);
        }
    }

    Deploy changeConfig(String name, ChangeConfig change) {
        AppRow app = stores.apps().require(name);
        change.set().forEach((variable, value) -> {
            if (!VAR_NAME.matcher(variable).matches() || value.indexOf('\0') >= 0) {
                throw new StoaException(
                        ErrorCode.BAD_REQUEST,
                        "\"%s\" cannot be a config var: a name has letters, digits and _, and starts with none of the digits"
                                .formatted(variable),
                        "for example: stoa config set LOG_LEVEL=debug");
            }
        });
        Set<String> names = new TreeSet<>(change.set().keySet());
        names.addAll(change.unset());
        resources.checkSettable(app, names);
        stores.configs().change(app.id(), change.set(), change.unset());
        TreeSet<String> set = new TreeSet<>(change.set().keySet());
        String description = (set.isEmpty() ? "" : "Set " + String.join(", ", set))
                + (set.isEmpty() || change.unset().isEmpty() ? "" : "; ")
                + (change.unset().isEmpty() ? "" : "Unset " + String.join(", ", change.unset()));
        return deployments.submit(deployments.nextId(), app, "config", description, Optional.empty());
    }

    Deploy rollback(String name, Optional<String> version) {
        AppRow app = stores.apps().require(name);
        List<ReleaseRow> releases = stores.releases().all(app.id());
        int active = releases.stream()
                .filter(release -> release.state().equals("active"))
                .findFirst()
                .map(ReleaseRow::version)
                .orElse(0);
        // What a canary is to be gone back from is beside the active one, so that is the one before.
        int before = stores.rollouts().canary(app.id()).isPresent() ? active + 1 : active;
        ReleaseRow target = releases.stream()
                .filter(release -> version.map(
                                wanted -> release.name().equals(wanted.startsWith("v") ? wanted : "v" + wanted))
                        .orElse(release.version() < before
                                && (release.version() == active
                                        || release.state().equals("superseded"))))
                .findFirst()
                .orElseThrow(() -> new StoaException(
                        ErrorCode.RELEASE_NOT_FOUND,
                        version.map(wanted -> "%s has no release %s that can be gone back to".formatted(name, wanted))
                                .orElse("%s has no release before the present one".formatted(name)),
                        "stoa releases -a %s lists them".formatted(name)));
        return deployments.submit(
                deployments.nextId(), app, "rollback", "Rollback to " + target.name(), Optional.of(target.version()));
    }

    Deploy restart(String name) {
        AppRow app = stores.apps().require(name);
        if (stores.releases().active(app.id()).isEmpty()) {
            throw nothingDeployed(app);
        }
        return deployments.submit(deployments.nextId(), app, "restart", "Restart", Optional.empty());
    }

    List<ProcessType> processes(String name) {
        AppRow app = stores.apps().require(name);
        return currentBuild(app).map(build -> processes(app, build)).orElse(List.of());
    }

    List<ProcessType> scale(String name, Map<String, String> asked) {
        AppRow app = stores.apps().require(name);
        BuildRow build = currentBuild(app).orElseThrow(() -> nothingDeployed(app));
        Map<String, Optional<InstanceRange>> ranges = new TreeMap<>();
        asked.forEach((process, text) -> ranges.put(process, range(app, build, process, text)));
        Set<String> types = build.slug().processes().keySet();
        ranges.forEach((process, range) -> range.ifPresent(wanted -> volumes.checkScale(app, types, process, wanted)));
        stores.apps().setScale(app.id(), ranges);
        reconciler.lookAgain(app.id());
        return processes(app, build);
    }

    /** Empty: what the manifest says. */
    private static Optional<InstanceRange> range(AppRow app, BuildRow build, String process, String text) {
        if (!build.slug().processes().containsKey(process)) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "%s has no process type \"%s\"".formatted(app.name(), process),
                    "it has: "
                            + String.join(
                                    ", ", new TreeSet<>(build.slug().processes().keySet())));
        }
        if (text.equals(Scale.AUTO)) {
            return Optional.empty();
        }
        Optional<InstanceRange> range = InstanceRange.parse(text).filter(asked -> asked.max() <= INSTANCES_MAX);
        if (range.isEmpty()) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "%s=%s: a process type has 0 to %d instances".formatted(process, text, INSTANCES_MAX),
                    "for example: stoa scale %s=2".formatted(process)
                            + (process.equals(LaunchOrder.WEB) ? ", or a range: stoa scale web=0..10" : ""));
        }
        if (range.get().scales() && !process.equals(LaunchOrder.WEB)) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "%s=%s: only web gets requests that could scale it".formatted(process, text),
                    "give a number: stoa scale %s=%d"
                            .formatted(process, range.get().max()));
        }
        return range;
    }

    private List<ProcessType> processes(AppRow app, BuildRow build) {
        Map<String, Integer> counts = view.counts(app.id(), build);
        return view.ranges(app.id(), build).entrySet().stream()
                .map(range -> new ProcessType(
                        range.getKey(),
                        Optional.ofNullable(counts.get(range.getKey())).orElse(0),
                        range.getValue().min(),
                        range.getValue().max(),
                        build.slug().command(range.getKey())))
                .toList();
    }

    private Optional<BuildRow> currentBuild(AppRow app) {
        return stores.releases()
                .active(app.id())
                .or(() -> stores.releases().all(app.id()).stream().findFirst())
                .map(release -> stores.releases().build(release.build()));
    }

    List<Instance> instances(String name) {
        AppRow app = stores.apps().require(name);
        return Stream.of(view.sleeper(app).stream(), view.instances(app).stream(), runs.instances(app).stream())
                .flatMap(instances -> instances)
                .toList();
    }

    List<Release> releases(String name) {
        AppRow app = stores.apps().require(name);
        Map<Integer, Integer> shares = stores.rollouts().current(app.id()).stream()
                .filter(rollout -> rollout.share().isPresent())
                .collect(Collectors.toMap(
                        RolloutRow::version, rollout -> rollout.share().orElseThrow()));
        return stores.releases().all(app.id()).stream()
                .map(row -> new Release(
                        row.name(),
                        row.state(),
                        row.description(),
                        row.build(),
                        row.reason(),
                        Optional.ofNullable(shares.get(row.version())),
                        row.createdAt()))
                .toList();
    }

    List<String> addDomain(String name, String domain) {
        AppRow app = stores.apps().require(name);
        domains.add(app, domain);
        reconciler.publish(app);
        return stores.apps().domains(app.id());
    }

    void removeDomain(String name, String domain) {
        AppRow app = stores.apps().require(name);
        domains.remove(app, domain);
        reconciler.publish(app);
    }

    private App shown(AppRow app) {
        return new App(
                app.name(),
                state(app),
                stores.releases().active(app.id()).map(ReleaseRow::name),
                processes(app.name()).stream()
                        .filter(type -> type.type().equals(LaunchOrder.WEB))
                        .findFirst()
                        .map(ProcessType::shown),
                urls.of(app),
                stores.apps().domains(app.id()),
                app.createdAt(),
                stores.edges().maintenanceSince(app.id()),
                FileTree.sizeBytes(home.app(app.name())) + logs.sizeBytes(app.name()));
    }

    private String state(AppRow app) {
        List<Instance> instances = view.instances(app);
        if (instances.stream().anyMatch(instance -> instance.state().equals("crashed"))) {
            return "crashed";
        }
        if (view.sleeper(app).isPresent()) {
            return "asleep";
        }
        if (instances.stream().anyMatch(instance -> instance.state().equals("starting"))) {
            return "starting";
        }
        if (instances.stream().anyMatch(instance -> instance.state().equals("up"))) {
            return "up";
        }
        return stores.releases().active(app.id()).isPresent() ? "stopped" : "empty";
    }
}
