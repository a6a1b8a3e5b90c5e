package dev.stoa.api;

import java.util.List;

/**
 * A host name that leads to an app, and how far it is on its way to the world.
 *
 * @param dns       {@code ok} (leads to this machine), {@code missing} (has no address), {@code elsewhere}
 * @param addresses that it leads to now
 * @param records   any of these DNS records leads it here, such as {@code A 203.0.113.7}
 * @param detail    a sentence on the DNS, for people
 */
public record DomainState(
        String name, String dns, List<String> addresses, List<String> records, String detail, Certificate certificate) {
    public DomainState {
        addresses = List.copyOf(addresses);
        records = List.copyOf(records);
    }
}
