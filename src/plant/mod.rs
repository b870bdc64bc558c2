//! The simulated plant, which stands in for real equipment and speaks only MQTT, and the embedded
//! broker.
