package dev.stoa.platform.build;

import dev.stoa.api.AppName;
import dev.stoa.api.Manifest;
import java.nio.file.Path;
import java.util.Map;

/**
 * What to build.
 *
 * @param app      for whom
 * @param tenant   on whose behalf the commands run
 * @param source   the unpacked code; the build works in this folder, and afterwards it is the slug
 * @param cache    kept from one build of the app to the next; never used by two builds at once
 * @param manifest what {@code stoa.toml} says, or {@link Manifest#EMPTY}
 * @param config   the config vars that the build may see
 * @param secrets  keeps what a framework insists on
 */
public record BuildRequest(
        AppName app,
        int tenant,
        Path source,
        Path cache,
        Manifest manifest,
        Map<String, String> config,
        SecretVars secrets) {
    public BuildRequest {
        config = Map.copyOf(config);
    }

    BuildRequest withoutConfig() {
        return new BuildRequest(app, tenant, source, cache, manifest, Map.of(), secrets);
    }
}
