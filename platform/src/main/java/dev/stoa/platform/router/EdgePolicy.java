package dev.stoa.platform.router;

import dev.stoa.api.EdgeManifest;
import dev.stoa.platform.router.edge.BasicAuth;
import java.util.Map;
import java.util.Optional;

/**
 * What the router does with an app's requests and answers on its own.
 *
 * @param manifest    as the app says it
 * @param login       what {@link BasicAuth#login} makes of the user and the password; absent: where there has to be one, nobody
 *     passes
 * @param maintenance whether the world is to stay out for now
 * @param pages       by status, and by {@code maintenance}: HTML to show instead of the router's own
 * @param edition     what is kept of answers holds as long as this does
 */
public record EdgePolicy(
        EdgeManifest manifest, Optional<String> login, boolean maintenance, Map<String, String> pages, String edition) {
    public static final EdgePolicy NONE = new EdgePolicy(EdgeManifest.DEFAULT, Optional.empty(), false, Map.of(), "");

    public EdgePolicy {
        pages = Map.copyOf(pages);
    }

    /** Whether there is nothing to do. */
    boolean isPlain() {
        return !maintenance && manifest.equals(EdgeManifest.DEFAULT);
    }
}
