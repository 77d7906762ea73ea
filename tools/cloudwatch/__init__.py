"""What CloudWatch is told by the template and by the code: alarms, dashboard, queries, metrics."""
