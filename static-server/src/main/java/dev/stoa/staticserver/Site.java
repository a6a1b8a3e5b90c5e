package dev.stoa.staticserver;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The folder as a site: which file answers a path.
 *
 * <p>Nothing outside the folder is ever found, however the path is written and wherever a symbolic link leads. Hidden
 * files, and the files that speak to Stoa rather than to visitors, are not part of the site.
 */
final class Site {
    private static final Set<String> NOT_FOR_VISITORS = Set.of("stoa.toml", "Procfile");

    private final Path root;

    /** @param root a real path, without symbolic links */
    Site(Path root) {
        this.root = root;
    }

    /** What a path leads to. */
    sealed interface Found {}

    record Page(Path file) implements Found {}

    /** The path is a folder but does not end in a slash: relative links in its page would break. */
    record Folder(List<String> segments) implements Found {}

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
                return new Folder(List.copyOf(segments));
            }
            segments.add("index.html");
            target = inside(String.join("/", segments));
        } else if (target.isEmpty() && !path.endsWith("/")) {
            target = inside(String.join("/", segments) + ".html");
        } else if (path.endsWith("/")) {
            return new Nothing();
        }
        return target.filter(Files::isRegularFile).<Found>map(Page::new).orElseGet(Nothing::new);
    }

    /** The site's own page for what is not there. */
    Optional<Path> notFoundPage() {
        return inside("404.html").filter(Files::isRegularFile);
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
