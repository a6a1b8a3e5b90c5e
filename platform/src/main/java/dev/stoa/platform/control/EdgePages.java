package dev.stoa.platform.control;

import dev.stoa.api.EdgeManifest;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.FileTree;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The pages of an app that the router shows: copied out of the slug when it is built, out of the reach of what runs in it. */
final class EdgePages {
    /** The router keeps them in memory, for each app. */
    static final int PAGE_BYTES_MAX = 128 * 1024;

    private static final String HINT =
            "put the page into the source, or let the build make it:   [edge]   errors = { 503 = \"errors/503.html\" }";

    private EdgePages() {}

    /**
     * Copies the pages that a manifest names.
     *
     * @throws StoaException BAD_MANIFEST, if one is not there, or is no page
     */
    static void copy(Path slug, EdgeManifest edge, Path to) throws IOException {
        FileTree.delete(to);
        Files.createDirectories(to);
        for (Map.Entry<String, String> page : edge.pages().entrySet()) {
            Files.writeString(to.resolve(page.getKey()), text(slug, page.getValue()));
        }
    }

    private static String text(Path slug, String name) throws IOException {
        Path file = slug.resolve(name);
        if (!Files.isRegularFile(file) || !file.toRealPath().startsWith(slug.toRealPath())) {
            throw new StoaException(
                    ErrorCode.BAD_MANIFEST,
                    "[edge] names the page %s, and there is no such file in the app after its build".formatted(name),
                    HINT);
        }
        if (Files.size(file) > PAGE_BYTES_MAX) {
            throw new StoaException(
                    ErrorCode.BAD_MANIFEST,
                    "the page %s has %d bytes, and may have %d".formatted(name, Files.size(file), PAGE_BYTES_MAX),
                    "leave pictures and fonts to another host, or out of it");
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(Files.readAllBytes(file)))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new StoaException(
                    ErrorCode.BAD_MANIFEST, "the page %s is not UTF-8 text".formatted(name), "save it as UTF-8", e);
        }
    }

    /** By status, and by {@code maintenance}; none where none were copied. */
    static Map<String, String> read(Path from) {
        Map<String, String> pages = new TreeMap<>();
        if (!Files.isDirectory(from)) {
            return pages;
        }
        try (Stream<Path> files = Files.list(from)) {
            for (Path file : files.toList()) {
                pages.put(String.valueOf(file.getFileName()), Files.readString(file));
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the pages in " + from, e);
        }
        return pages;
    }
}
