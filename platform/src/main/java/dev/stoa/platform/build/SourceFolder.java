package dev.stoa.platform.build;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Manifest;
import dev.stoa.api.Procfile;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The code as it arrived. Nothing outside the folder is ever read through it, wherever a link leads: after the build's
 * own commands have run, the folder may hold links that no upload could bring.
 */
record SourceFolder(Path root, Manifest manifest) {
    private static final long TEXT_BYTES_MAX = 16L << 20;

    /** Some editors put it before the text; npm and pip pass over it, too. */
    private static final String BYTE_ORDER_MARK = "\uFEFF";

    boolean has(String name) {
        return file(name).isPresent();
    }

    /** A regular file of this name. */
    Optional<Path> file(String name) {
        try {
            Path real = root.resolve(name).toRealPath();
            return real.startsWith(root.toRealPath()) && Files.isRegularFile(real)
                    ? Optional.of(real)
                    : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** What runs when the app runs, as far as its files say. */
    List<String> commands() {
        Stream<String> procfile =
                text(Procfile.NAME).stream().flatMap(text -> Procfile.parse(text).processes().values().stream());
        Stream<String> own = manifest.processes().values().stream().flatMap(process -> process.command().stream());
        return Stream.concat(procfile, own).toList();
    }

    Optional<String> text(String name) {
        return file(name).map(file -> {
            try {
                if (Files.size(file) > TEXT_BYTES_MAX) {
                    throw new StoaException(
                            ErrorCode.BAD_REQUEST, name + " has more than 16 MiB", "make it smaller, or leave it out");
                }
                String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
                return text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text;
            } catch (IOException e) {
                throw BuildContext.diskError(e);
            }
        });
    }
}
