package dev.stoa.platform.control;

import dev.stoa.api.AppName;
import dev.stoa.api.AppSetup;
import dev.stoa.api.DeployPlan;
import dev.stoa.api.DeployPlan.Action;
import dev.stoa.api.DeployPlan.Change;
import dev.stoa.api.DeployPlan.Detail;
import dev.stoa.api.DeployPlan.Orphan;
import dev.stoa.api.Manifest;
import dev.stoa.api.MergedManifest;
import dev.stoa.api.ResourceManifest;
import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.control.ReleaseStore.BuildRow;
import dev.stoa.platform.control.ReleaseStore.ReleaseRow;
import dev.stoa.platform.http.Endpoint;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * What a deploy is about to do, told before it is done: {@code stoa plan} shows it, and a deploy does it. Whatever refuses
 * a deploy before its build refuses its plan.
 */
public final class DeployPlans {
    /** The number of an app that there is not, which has nothing. */
    private static final int NO_APP = -1;

    private final AppStore apps;
    private final ReleaseStore releases;
    private final SetupStore setups;
    private final ConfigStore configs;
    private final AppResources resources;
    private final AppConfig appConfig;
    private final Domains domains;

    DeployPlans(Stores stores, AppResources resources, AppConfig appConfig, Domains domains) {
        this.apps = stores.apps();
        this.releases = stores.releases();
        this.setups = stores.setups();
        this.configs = stores.configs();
        this.resources = resources;
        this.appConfig = appConfig;
        this.domains = domains;
    }

    public List<Endpoint> endpoints() {
        return List.of(Endpoint.post(
                        "/v1/apps/{app}/plan",
                        "Tells what a deploy of a source with this manifest would create, change and leave behind")
                .accepts(DeployPlan.Source.class)
                .returns(DeployPlan.class)
                .handler(request -> plan(
                        request.path("app"),
                        MergedManifest.of(request.body(DeployPlan.Source.class).files()))));
    }

    private DeployPlan plan(String name, MergedManifest merged) {
        AppName valid = new AppName(name);
        AppStore.refuseReserved(valid);
        AppRow app = apps.find(valid.value()).orElseGet(() -> new AppRow(NO_APP, valid.value(), Instant.EPOCH));
        return plan(app, settled(app, merged));
    }

    /** What a source asks for, without what this app or this machine makes moot; notes say so. */
    MergedManifest settled(AppRow app, MergedManifest merged) {
        return resources.settled(app, merged);
    }

    /** @throws dev.stoa.api.StoaException as a deploy of it would */
    DeployPlan plan(AppRow app, MergedManifest merged) {
        Manifest manifest = merged.manifest();
        appConfig.check(app, merged);
        List<String> ungenerated = appConfig.ungenerated(app, merged);
        Map<String, String> config = new HashMap<>(appConfig.read(app));
        ungenerated.forEach(name -> config.put(name, name));
        EdgePolicies.check(app, manifest.edge(), config);
        manifest.domains().forEach(domain -> domains.check(app, domain));

        Optional<ReleaseRow> standing = releases.active(app.id());
        Optional<BuildRow> before = standing.map(release -> releases.build(release.build()));
        List<Change> changes = new ArrayList<>();
        List<Orphan> orphans = new ArrayList<>();
        domains(app, manifest, changes);
        resources(app, before, resources.steps(app, manifest), changes, orphans);
        changes.addAll(new ManifestDifference(
                        before,
                        before.map(build -> setups.declared(build.id()).setup()).orElse(AppSetup.NONE),
                        merged,
                        apps.scale(app.id()),
                        configs.read(app.id()).keySet())
                .changes());
        ungenerated.forEach(name -> changes.add(new Change(
                Action.CREATE, "config", name, List.of(), Optional.of("gets a random value, as app.json asks"))));
        before.ifPresent(build -> droppedDomains(app, build.manifest(), manifest, orphans));
        return new DeployPlan(
                app.name(), app.id() == NO_APP, standing.map(ReleaseRow::name), changes, orphans, merged.notes());
    }

    /** Does of the plan what is due before the build. */
    void begin(AppRow app, DeployPlan plan, Consumer<String> say) {
        if (plan.standing().isPresent() && plan.changed()) {
            say.accept("-----> Changes: " + summary(plan));
        }
        List<String> generated = new ArrayList<>();
        for (Change change : plan.changes()) {
            if (change.action() == Action.CREATE && change.what().equals("domain")) {
                domains.add(app, change.name());
            } else if (change.action() == Action.CREATE && change.what().equals("config")) {
                generated.add(change.name());
            }
        }
        appConfig.generate(app, generated, say);
    }

    /** Such as {@code 1 to create, 2 to change}. */
    private static String summary(DeployPlan plan) {
        List<String> parts = new ArrayList<>();
        for (Action action : Action.values()) {
            if (plan.count(action) > 0) {
                parts.add("%d to %s".formatted(plan.count(action), action.name().toLowerCase(Locale.ROOT)));
            }
        }
        if (plan.orphaned() > 0) {
            parts.add("%d left behind".formatted(plan.orphaned()));
        }
        return String.join(", ", parts);
    }

    private void domains(AppRow app, Manifest manifest, List<Change> changes) {
        List<String> present = apps.domains(app.id());
        manifest.domains().stream()
                .distinct()
                .filter(domain -> !present.contains(domain))
                .forEach(domain ->
                        changes.add(new Change(Action.CREATE, "domain", domain, List.of(), Optional.empty())));
    }

    /** A deploy takes no name from an app: visitors may still come by it. */
    private void droppedDomains(AppRow app, Manifest before, Manifest after, List<Orphan> orphans) {
        List<String> present = apps.domains(app.id());
        before.domains().stream()
                .filter(domain -> present.contains(domain) && !after.domains().contains(domain))
                .forEach(domain -> orphans.add(new Orphan(
                        "domain",
                        domain,
                        true,
                        List.of("stoa domains remove %s -a %s".formatted(domain, app.name())))));
    }

    private void resources(
            AppRow app,
            Optional<BuildRow> before,
            List<ResourceStep> steps,
            List<Change> changes,
            List<Orphan> orphans) {
        for (ResourceStep step : steps) {
            switch (step) {
                case ResourceStep.Make make ->
                    changes.add(new Change(
                            Action.CREATE,
                            make.wish().kind(),
                            make.name(),
                            settings(Map.of(), make.settings()),
                            Optional.of(given(app, make.wish()))));
                case ResourceStep.Take take ->
                    changes.add(new Change(
                            Action.CHANGE,
                            take.wish().kind(),
                            take.row().name(),
                            settings(take.row().settings(), take.settings()),
                            Optional.of("is there already, with its data: the app takes it, and "
                                    + given(app, take.wish()))));
                case ResourceStep.Keep keep -> {
                    if (keep.changes()) {
                        changes.add(new Change(
                                Action.CHANGE,
                                keep.wish().kind(),
                                keep.row().name(),
                                settings(keep.row().settings(), keep.settings()),
                                Optional.empty()));
                    }
                }
                case ResourceStep.Leave leave -> orphans.add(orphan(app, before, leave));
            }
        }
    }

    private String given(AppRow app, ResourceManifest.Wish wish) {
        Set<String> vars = resources.vars(app, wish);
        return vars.isEmpty() ? "is given to the app" : "gives " + String.join(", ", vars);
    }

    private static Orphan orphan(AppRow app, Optional<BuildRow> before, ResourceStep.Leave leave) {
        String kind = leave.row().kind();
        boolean asked = before.stream()
                .flatMap(build -> build.manifest().resources().wishes().stream())
                .anyMatch(wish -> wish.kind().equals(kind) && wish.name().equals(leave.as()));
        String group = ResourceManifest.groupOf(kind);
        String name = leave.row().name();
        return new Orphan(
                kind,
                name,
                asked,
                List.of(
                        "stoa %s detach %s -a %s".formatted(group, name, app.name()),
                        "stoa %s destroy %s".formatted(group, name)));
    }

    private static List<Detail> settings(Map<String, String> before, Map<String, String> after) {
        List<Detail> details = new ArrayList<>();
        new TreeMap<>(after).forEach((key, value) -> {
            Optional<Object> was = Optional.ofNullable(before.get(key));
            if (was.filter(value::equals).isEmpty()) {
                details.add(new Detail(key, was, Optional.of(value)));
            }
        });
        return details;
    }
}
