package dev.stoa.platform.control;

import dev.stoa.api.InstanceRange;
import dev.stoa.api.Manifest;
import dev.stoa.api.Manifest.ProcessManifest;
import dev.stoa.api.Manifest.ReleaseManifest;
import dev.stoa.api.ManifestLine;
import dev.stoa.api.ManifestLines;
import dev.stoa.platform.build.Slug;
import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.control.ReleaseStore.BuildRow;
import dev.stoa.platform.control.ReleaseStore.ReleaseRow;
import dev.stoa.platform.control.SetupStore.Declared;
import dev.stoa.platform.http.Endpoint;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The manifest of an app as it holds: what its files say, what its build found out, and what its user asked for since. */
public final class AppManifest {
    private static final String SCALE = "stoa scale";

    private final Stores stores;

    AppManifest(Stores stores) {
        this.stores = stores;
    }

    /** In the order in which the documentation shows them. */
    public List<Endpoint> endpoints() {
        return List.of(Endpoint.get(
                        "/v1/apps/{app}/manifest",
                        "Shows the manifest of the active release line by line, and where each line comes from")
                .returns(Endpoint.listOf(ManifestLine.class))
                .handler(request -> lines(request.path("app"))));
    }

    private List<ManifestLine> lines(String name) {
        AppRow app = stores.apps().require(name);
        ReleaseRow release = stores.releases()
                .active(app.id())
                .or(() -> stores.releases().all(app.id()).stream().findFirst())
                .orElseThrow(() -> Apps.nothingDeployed(app));
        BuildRow build = stores.releases().build(release.build());
        Declared declared = stores.setups().declared(build.id());
        Map<String, String> origins = new HashMap<>(declared.origins());
        Manifest effective = effective(build, stores.apps().scale(app.id()), origins);
        release.config().keySet().forEach(variable -> overruled(origins, "env." + variable));
        return ManifestLines.of(effective, declared.setup(), origins);
    }

    /** With the build's commands and the counts that were asked for; their origins are added. */
    static Manifest effective(BuildRow build, Map<String, InstanceRange> scale, Map<String, String> origins) {
        Manifest manifest = build.manifest();
        Slug slug = build.slug();
        Map<String, ProcessManifest> processes = new HashMap<>();
        slug.processes().forEach((type, command) -> {
            ProcessManifest process = manifest.process(type);
            if (process.command().filter(command::equals).isEmpty()) {
                origins.put("processes.%s.command".formatted(type), slug.buildpack() + " buildpack");
            }
            Optional<InstanceRange> asked =
                    Optional.ofNullable(scale.get(type)).map(range -> View.asked(range, process));
            if (asked.isPresent()) {
                origins.put("processes.%s.instances".formatted(type), SCALE);
            }
            processes.put(
                    type,
                    new ProcessManifest(
                            Optional.of(command),
                            asked.or(process::instances),
                            process.memoryBytes(),
                            process.cpu(),
                            process.health()));
        });
        Optional<String> release = manifest.release().command().or(slug::release);
        return new Manifest(
                manifest.name(),
                manifest.domains(),
                manifest.port(),
                manifest.build(),
                processes,
                new ReleaseManifest(release, manifest.release().timeout()),
                manifest.env(),
                manifest.network(),
                manifest.crons(),
                manifest.edge(),
                manifest.routing(),
                manifest.resources());
    }

    private static void overruled(Map<String, String> origins, String key) {
        origins.computeIfPresent(key, (same, origin) -> origin + ", but the config var wins");
    }
}
