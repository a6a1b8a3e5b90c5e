package dev.stoa.platform.source;

import dev.stoa.api.StoaException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The symbolic links of an archive, kept back until all of them are known to lead to places inside the folder. */
final class LinkTable {
    /** As Linux does: more links than this on one way count as a loop. */
    private static final int HOPS_MAX = 40;

    private final Path root;
    private final Map<Path, Link> links = new LinkedHashMap<>();

    private record Link(EntryName name, String target) {}

    LinkTable(Path root) {
        this.root = root;
    }

    void add(EntryName name, Path at, String target) {
        if (target.isEmpty() || target.chars().anyMatch(Character::isISOControl)) {
            throw EntryName.bad(name.toString(), "is a link whose target is empty or has a control character");
        }
        try {
            links.put(at, new Link(name, Path.of(target).toString()));
        } catch (InvalidPathException e) {
            throw EntryName.bad(name.toString(), "is a link that this machine cannot write: " + e.getReason());
        }
    }

    void forget(Path at) {
        links.remove(at);
    }

    void createAll() throws IOException {
        links.forEach(this::check);
        for (Map.Entry<Path, Link> entry : links.entrySet()) {
            if (Files.exists(entry.getKey(), LinkOption.NOFOLLOW_LINKS)) {
                throw EntryName.bad(entry.getValue().name().toString(), "is both a link and a folder");
            }
            Files.createSymbolicLink(entry.getKey(), Path.of(entry.getValue().target()));
        }
    }

    /** Walks the way as the kernel would, link after link; it need not end at something that exists. */
    private void check(Path at, Link link) {
        Deque<String> ahead = new ArrayDeque<>();
        push(ahead, link, link.target());
        Path here = parentOf(at);
        int hops = 1;
        while (!ahead.isEmpty()) {
            String segment = ahead.pop();
            if (segment.isEmpty() || segment.equals(".")) {
                continue;
            }
            if (segment.equals("..")) {
                if (here.equals(root)) {
                    throw leaves(link);
                }
                here = parentOf(here);
                continue;
            }
            Path next = here.resolve(segment);
            Link onTheWay = links.get(next);
            if (onTheWay == null) {
                here = next;
            } else if (++hops > HOPS_MAX) {
                throw EntryName.bad(link.name().toString(), "is a link that leads round in circles");
            } else {
                push(ahead, link, onTheWay.target());
            }
        }
    }

    private static void push(Deque<String> ahead, Link from, String target) {
        if (target.startsWith("/")) {
            throw leaves(from);
        }
        List<String> segments = List.of(target.split("/", -1));
        for (String segment : segments.reversed()) {
            ahead.push(segment);
        }
    }

    private static Path parentOf(Path path) {
        Path parent = path.getParent();
        if (parent == null) {
            throw new IllegalStateException("a link stands outside the folder: " + path);
        }
        return parent;
    }

    private static StoaException leaves(Link link) {
        return EntryName.bad(
                link.name().toString(),
                "is a link that leaves the folder: it leads to \"%s\"".formatted(link.target()));
    }
}
