package dev.stoa.api;

/**
 * A process type of an app and how many instances of it are wanted.
 *
 * @param command as the shell gets it
 */
public record ProcessType(String type, int instances, String command) {}
