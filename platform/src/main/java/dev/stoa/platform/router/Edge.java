package dev.stoa.platform.router;

import dev.stoa.api.EdgeManifest;
import dev.stoa.api.EdgeManifest.HttpsMode;
import dev.stoa.api.EdgeManifest.Maintenance;
import dev.stoa.platform.router.edge.AddressRules;
import dev.stoa.platform.router.edge.BodyEncoder;
import dev.stoa.platform.router.edge.CacheBudget;
import dev.stoa.platform.router.edge.Coding;
import dev.stoa.platform.router.edge.PathRules;
import dev.stoa.platform.router.edge.RateLimit;
import dev.stoa.platform.router.edge.ResponseCache;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The policy of one app, ready for use, with what is remembered of its clients and its answers. Shared by all event loops. */
final class Edge {
    private final String app;
    private final EdgePolicy policy;
    private final AddressRules addresses;
    private final AddressRules spared;
    private final PathRules paths;
    private final List<Coding> codings;
    private final boolean httpsOnly;
    private final long bodyBytesMax;
    private final @Nullable RateLimit rate;
    private final @Nullable ResponseCache cache;

    /** @param before the same app's until now, whose memory goes on where the policy lets it */
    Edge(String app, EdgePolicy policy, @Nullable Edge before, CacheBudget budget) {
        EdgeManifest manifest = policy.manifest();
        this.app = app;
        this.policy = policy;
        this.addresses = new AddressRules(manifest.allow(), manifest.deny());
        this.spared =
                new AddressRules(manifest.maintenance().map(Maintenance::allow).orElse(List.of()), List.of());
        this.paths = new PathRules(manifest.redirects(), manifest.rewrites());
        this.codings = manifest.compress().stream()
                .map(Coding::of)
                .filter(BodyEncoder::isAvailable)
                .toList();
        this.httpsOnly = manifest.https().filter(HttpsMode.REDIRECT::equals).isPresent();
        this.bodyBytesMax = manifest.bodyBytes().orElse(Long.MAX_VALUE);
        this.rate = manifest.rate()
                .map(now -> before != null
                                && before.rate != null
                                && before.rate.rate().equals(now)
                        ? before.rate
                        : new RateLimit(now))
                .orElse(null);
        this.cache = manifest.cacheBytes()
                .map(bytes -> before != null && before.keepsFor(policy, bytes)
                        ? before.cache
                        : new ResponseCache(bytes, budget))
                .orElse(null);
    }

    private boolean keepsFor(EdgePolicy next, long bytes) {
        return cache != null
                && cache.bytesMax() == bytes
                && policy.edition().equals(next.edition())
                && policy.manifest().compress().equals(next.manifest().compress());
    }

    String app() {
        return app;
    }

    EdgePolicy policy() {
        return policy;
    }

    EdgeManifest manifest() {
        return policy.manifest();
    }

    /** Whether requests over plain HTTP are sent to the same address by HTTPS. */
    boolean httpsOnly() {
        return httpsOnly;
    }

    AddressRules addresses() {
        return addresses;
    }

    /** Whether somebody reaches the app while the world is kept out. */
    boolean spares(java.net.InetAddress address) {
        return manifest()
                        .maintenance()
                        .filter(rules -> !rules.allow().isEmpty())
                        .isPresent()
                && spared.admits(address);
    }

    PathRules paths() {
        return paths;
    }

    List<Coding> codings() {
        return codings;
    }

    @Nullable
    RateLimit rate() {
        return rate;
    }

    @Nullable
    ResponseCache cache() {
        return cache;
    }

    long bodyBytesMax(long otherwise) {
        return Math.min(bodyBytesMax, otherwise);
    }

    /** Gives back what the next one does not use. */
    void retire(@Nullable Edge next) {
        if (cache != null && (next == null || next.cache != cache)) {
            cache.close();
        }
    }
}
