package dev.stoa.platform.control;

import dev.stoa.api.EdgeManifest;
import dev.stoa.api.EdgeManifest.HttpsMode;
import dev.stoa.platform.router.EdgePolicy;

/** What an app's manifest asks of the edge, as the router understands it. */
final class EdgePolicies {
    private EdgePolicies() {}

    static EdgePolicy of(EdgeManifest edge) {
        return new EdgePolicy(
                edge.https().filter(HttpsMode.REDIRECT::equals).isPresent(),
                edge.hsts().map(age -> "max-age=" + age.toSeconds()).orElse(""));
    }
}
