package dev.stoa.platform.resource;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;

/** Where backups are kept: files by name, such as {@code shop-main-1f00d5/wal/000000010000000000000001.1763724191123}. */
interface BackupTarget {
    /** What writes the content of a file, and does not close it. */
    @FunctionalInterface
    interface Content {
        void writeTo(OutputStream out) throws IOException;
    }

    record Item(String name, long sizeBytes) {}

    /** Returns when the file is there for good; until then, whatever happens, there is none or the one of before. */
    void put(String name, Content content) throws IOException;

    /** @throws java.nio.file.NoSuchFileException if there is none */
    InputStream get(String name) throws IOException;

    /** The files whose names begin so, in the order of their names; also what is left of those that were never completed. */
    List<Item> list(String prefix) throws IOException;

    /** Does nothing if there is none. */
    void delete(String name) throws IOException;

    /** As it is told to people. */
    String text();
}
