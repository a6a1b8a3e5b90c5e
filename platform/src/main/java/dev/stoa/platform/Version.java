package dev.stoa.platform;

import java.util.Objects;

/** Which Stoa this is. */
final class Version {
    /** From the jar's manifest; {@code dev} when run from classes. */
    static final String CURRENT =
            Objects.requireNonNullElse(Version.class.getPackage().getImplementationVersion(), "dev");

    private Version() {}
}
