package dev.stoa.platform.source.git;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Consumer;
import org.eclipse.jgit.lib.ObjectLoader;

/** Says of which files only the pointer is there, because their content is kept by Git LFS somewhere else. */
final class LfsPointers {
    private static final byte[] HEAD = "version https://git-lfs.github.com/spec/".getBytes(StandardCharsets.US_ASCII);

    /** By the specification a pointer is shorter. */
    private static final int POINTER_BYTES_MAX = 1024;

    private static final int NAMED_MAX = 5;

    private final Consumer<String> notes;
    private int found;

    LfsPointers(Consumer<String> notes) {
        this.notes = notes;
    }

    void look(String name, ObjectLoader blob) throws IOException {
        if (blob.getSize() < HEAD.length || blob.getSize() >= POINTER_BYTES_MAX) {
            return;
        }
        byte[] bytes = blob.getCachedBytes(POINTER_BYTES_MAX);
        if (Arrays.equals(bytes, 0, HEAD.length, HEAD, 0, HEAD.length)) {
            found++;
            if (found <= NAMED_MAX) {
                notes.accept(" !     %s is a Git LFS pointer: the app gets the pointer, not the file".formatted(name));
            }
        }
    }

    void end() {
        if (found > NAMED_MAX) {
            notes.accept(" !     and %d more files are Git LFS pointers".formatted(found - NAMED_MAX));
        }
        if (found > 0) {
            notes.accept(" !     Stoa does not fetch from LFS servers. Keep what the app needs in git itself"
                    + " (git lfs migrate export), or let the build download it.");
        }
    }
}
