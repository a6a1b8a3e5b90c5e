package dev.stoa.platform;

import java.util.List;

/**
 * What a process says to the one that follows it, when its turn has come.
 *
 * @param sockets the names of the listening sockets whose descriptors come next, in this order
 * @param up      the instances that are up
 * @param routers the ids of the routers in other processes, among them the one that serves on in the old process until its
 *     last client has gone
 */
record Turn(List<String> sockets, List<String> up, List<String> routers) {
    /** For a process that follows no other. */
    static final Turn NONE = new Turn(List.of(), List.of(), List.of());

    /** The variable that names the folder in which two processes meet. */
    static final String VARIABLE = "STOA_HANDOVER";

    /** In the folder: the socket for words, a JSON document a line. */
    static final String WORDS = "words";

    /** In the folder: the socket for descriptors. */
    static final String DESCRIPTORS = "descriptors";

    /** First the new process says that it is there. */
    record Ready(String version) {}

    /** Instead of either, what keeps it from being the platform. */
    record Failed(String error, String hint) {}

    /** Last it says that it serves. */
    record Serving(long pid) {}
}
