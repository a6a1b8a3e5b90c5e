package dev.stoa.platform.resource;

/** Recognises a full disk by what the system says about it, which is all that Java and PostgreSQL pass on. */
final class DiskFull {
    private DiskFull() {}

    static boolean in(String message) {
        return message.contains("No space left on device") || message.contains("Disk quota exceeded");
    }
}
