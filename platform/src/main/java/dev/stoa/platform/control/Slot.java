package dev.stoa.platform.control;

/** The place of one instance in a rollout: {@code web.2} of rollout 7. */
record Slot(long rollout, String process, int number) {
    /** For people, such as {@code web.2}. */
    String name() {
        return process + "." + number;
    }
}
