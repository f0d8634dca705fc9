# After a viewer's bandwidth estimate has made a layer give way, upstream waits 10 s before it tries a higher one again. A link that heals
# has to carry all layers again within 10 s, and a viewer steps up one layer at a time.
for manager in Simulcast Svc; do
  hook src/RTC/${manager}ProducerStreamManager.cpp 'BweDowngradeConservativeMs{ 10000 }' \
    's/BweDowngradeConservativeMs{ 10000 }/BweDowngradeConservativeMs{ 3000 }/'
done
