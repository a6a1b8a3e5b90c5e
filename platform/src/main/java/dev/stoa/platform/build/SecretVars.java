package dev.stoa.platform.build;

import java.util.function.Function;

/** The config vars of an app that hold secrets of its own, made by the platform and the same for all its releases. */
@FunctionalInterface
public interface SecretVars {
    /**
     * Sees to it that there is one of this name, however it came about.
     *
     * @param form how 32 random bytes are written in it
     */
    void ensure(String name, Function<byte[], String> form);
}
