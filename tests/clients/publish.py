"""An MQTT client that is not ours: Python's paho-mqtt.

python publish.py PORT TOPIC < PAYLOAD: publishes standard input once, retained, at QoS 1.
"""
import sys

from paho.mqtt import publish

port, topic = sys.argv[1:]
payload = sys.stdin.buffer.read()
publish.single(topic, payload, qos=1, retain=True, hostname="127.0.0.1", port=int(port))
