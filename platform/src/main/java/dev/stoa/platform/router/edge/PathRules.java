package dev.stoa.platform.router.edge;

import dev.stoa.api.EdgeManifest.Redirect;
import dev.stoa.api.EdgeManifest.Rewrite;
import dev.stoa.api.PathPattern;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Paths that are somewhere else, or that the app knows by another name. The first rule that fits counts. */
public final class PathRules {
    private final List<Rule> redirects;
    private final List<Rule> rewrites;

    public PathRules(List<Redirect> redirects, List<Rewrite> rewrites) {
        this.redirects = redirects.stream()
                .map(rule -> new Rule(PathPattern.parse(rule.from()), rule.to(), rule.status()))
                .toList();
        this.rewrites = rewrites.stream()
                .map(rule -> new Rule(PathPattern.parse(rule.from()), rule.to(), 0))
                .toList();
    }

    private record Rule(PathPattern from, String to, int status) {}

    /** Where a client is sent. */
    public record Elsewhere(int status, String location) {}

    /**
     * Where a request belongs, if that is not where it came to.
     *
     * @param target with its query, which goes along
     * @param self   the beginning of the URL that was asked for, such as {@code https://shop.example.com}
     */
    public Optional<Elsewhere> redirect(String target, String self) {
        if (redirects.isEmpty()) {
            return Optional.empty();
        }
        String path = path(target);
        for (Rule rule : redirects) {
            Optional<Map<String, String>> found = rule.from.match(path);
            if (found.isPresent()) {
                String location = withQuery(PathPattern.fill(rule.to, found.get()), target);
                // A rule for several hosts leads to one of them, and there it has done its work.
                boolean here = location.equals(target)
                        || (location.length() == self.length() + target.length()
                                && location.regionMatches(true, 0, self, 0, self.length())
                                && location.endsWith(target));
                if (!here) {
                    return Optional.of(new Elsewhere(rule.status, location));
                }
            }
        }
        return Optional.empty();
    }

    public boolean redirects() {
        return !redirects.isEmpty();
    }

    /** The target by which the app knows it, which may be the one that came. */
    public String rewrite(String target) {
        if (rewrites.isEmpty()) {
            return target;
        }
        String path = path(target);
        for (Rule rule : rewrites) {
            Optional<Map<String, String>> found = rule.from.match(path);
            if (found.isPresent()) {
                return withQuery(PathPattern.fill(rule.to, found.get()), target);
            }
        }
        return target;
    }

    private static String path(String target) {
        int query = target.indexOf('?');
        return query < 0 ? target : target.substring(0, query);
    }

    private static String withQuery(String to, String target) {
        int query = target.indexOf('?');
        if (query < 0) {
            return to;
        }
        int fragment = to.indexOf('#');
        String bare = fragment < 0 ? to : to.substring(0, fragment);
        String end = fragment < 0 ? "" : to.substring(fragment);
        return bare + (bare.indexOf('?') < 0 ? '?' : '&') + target.substring(query + 1) + end;
    }
}
