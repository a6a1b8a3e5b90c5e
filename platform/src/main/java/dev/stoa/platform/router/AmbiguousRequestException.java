package dev.stoa.platform.router;

/** How a decoder says that two servers could read a request in two ways. It never leaves the router. */
final class AmbiguousRequestException extends IllegalArgumentException {
    private final String why;

    AmbiguousRequestException(String why) {
        super(why);
        this.why = why;
    }

    String why() {
        return why;
    }
}
