package dev.stoa.staticserver;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The folder as a site: which file answers a path.
 *
 * <p>Nothing outside the folder is ever found, however the path is written and wherever a symbolic link leads. Hidden
 * files, and the files that speak to Stoa rather than to visitors, are not part of the site.
 */
final class Site {
    private static final Set<String> NOT_FOR_VISITORS = Set.of("stoa.toml", "Procfile", "_redirects", "_headers");

    /** Deeper paths are not searched for a 404.html of their own. */
    private static final int DEPTH_MAX = 20;

    private final Path root;

    /** @param root a real path, without symbolic links */
    Site(Path root) {
        this.root = root;
    }

    /** What a path leads to. */
    sealed interface Found {}

    record Page(Path file) implements Found {}

    /** The path has another name: a folder's ends in a slash and a page's does not, else relative links would break. */
    record Moved(List<String> segments, boolean folder) implements Found {}

    record Nothing() implements Found {}

    /** @param path decoded, such as {@code /a b/c} */
    Found find(String path) {
        List<String> segments = new ArrayList<>();
        for (String segment : path.split("/", -1)) {
            if (segment.isEmpty()) {
                continue;
            }
            boolean hidden = segment.startsWith(".") && !segment.equals(".well-known");
            if (hidden || (segments.isEmpty() && NOT_FOR_VISITORS.contains(segment))) {
                return new Nothing();
            }
            segments.add(segment);
        }
        Optional<Path> target = inside(String.join("/", segments));
        if (target.isPresent() && Files.isDirectory(target.get())) {
            if (!path.endsWith("/")) {
                return new Moved(List.copyOf(segments), true);
            }
            segments.add("index.html");
            target = inside(String.join("/", segments));
        } else if (target.isEmpty() && !path.endsWith("/")) {
            target = inside(String.join("/", segments) + ".html");
        } else if (path.endsWith("/")) {
            Optional<Path> page = segments.isEmpty() ? Optional.empty() : inside(String.join("/", segments) + ".html");
            return target.isEmpty() && page.filter(Files::isRegularFile).isPresent()
                    ? new Moved(List.copyOf(segments), false)
                    : new Nothing();
        }
        return target.filter(Files::isRegularFile).<Found>map(Page::new).orElseGet(Nothing::new);
    }

    /** The site's own page for what is not there: the nearest 404.html on the way up. */
    Optional<Path> notFoundPage(String path) {
        List<String> segments = Stream.of(path.split("/", -1))
                .filter(s -> !s.isEmpty())
                .limit(DEPTH_MAX)
                .toList();
        for (int depth = segments.size(); depth >= 0; depth--) {
            String folder = String.join("/", segments.subList(0, depth));
            Optional<Path> page = folder.contains("..")
                    ? Optional.empty()
                    : inside((folder.isEmpty() ? "" : folder + "/") + "404.html");
            if (page.filter(Files::isRegularFile).isPresent()) {
                return page;
            }
        }
        return Optional.empty();
    }

    /** The page that a single-page app consists of; 200.html where index.html is a page of its own. */
    Optional<Path> singlePage() {
        return Stream.of("200.html", "index.html")
                .flatMap(name -> inside(name).stream())
                .filter(Files::isRegularFile)
                .findFirst();
    }

    private Optional<Path> inside(String relative) {
        try {
            Path real = root.resolve(relative).toRealPath();
            return real.startsWith(root) && Files.isReadable(real) ? Optional.of(real) : Optional.empty();
        } catch (IOException | InvalidPathException e) {
            return Optional.empty();
        }
    }
}
