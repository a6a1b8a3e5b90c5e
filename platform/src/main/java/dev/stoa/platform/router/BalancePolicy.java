package dev.stoa.platform.router;

/** How the router chooses among an app's instances. */
public record BalancePolicy() {
    public static final BalancePolicy DEFAULT = new BalancePolicy();
}
