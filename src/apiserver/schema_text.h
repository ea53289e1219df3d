#pragma once
#include <string_view>

namespace k8scale::apiserver {

/// One type a line: "Name: number field type, …". `[]` repeats, `map<>` is keyed by strings, `?` marks a
/// pointer.
inline constexpr std::string_view schema_text = R"(
ObjectMeta: 1 name string, 2 generateName string, 3 namespace string, 4 selfLink string, 5 uid string, 6 resourceVersion string, 7 generation int, 8 creationTimestamp Time, 9 deletionTimestamp Time, 10 deletionGracePeriodSeconds int?, 11 labels map<string>, 12 annotations map<string>, 13 ownerReferences OwnerReference[], 14 finalizers string[], 17 managedFields ManagedFieldsEntry[]
OwnerReference: 1 kind string, 3 name string, 4 uid string, 5 apiVersion string, 6 controller bool?, 7 blockOwnerDeletion bool?
ManagedFieldsEntry: 1 manager string, 2 operation string, 3 apiVersion string, 4 time Time, 6 fieldsType string, 7 fieldsV1 json, 8 subresource string
ConfigMap: 1 metadata ObjectMeta, 2 data map<string>, 3 binaryData map<bytes>, 4 immutable bool?
Secret: 1 metadata ObjectMeta, 2 data map<bytes>, 3 type string, 4 stringData map<string>, 5 immutable bool?
Namespace: 1 metadata ObjectMeta, 2 spec NamespaceSpec, 3 status NamespaceStatus
NamespaceSpec: 1 finalizers string[]
NamespaceStatus: 1 phase string, 2 conditions NamespaceCondition[]
NamespaceCondition: 1 type string, 2 status string, 4 lastTransitionTime Time, 5 reason string, 6 message string
Service: 1 metadata ObjectMeta, 2 spec ServiceSpec, 3 status ServiceStatus
ServiceSpec: 1 ports ServicePort[], 2 selector map<string>, 3 clusterIP string, 4 type string, 5 externalIPs string[], 7 sessionAffinity string, 8 loadBalancerIP string, 9 loadBalancerSourceRanges string[], 10 externalName string, 11 externalTrafficPolicy string, 12 healthCheckNodePort int32, 13 publishNotReadyAddresses bool, 14 sessionAffinityConfig SessionAffinityConfig, 17 ipFamilyPolicy string, 18 clusterIPs string[], 19 ipFamilies string[], 20 allocateLoadBalancerNodePorts bool?, 21 loadBalancerClass string, 22 internalTrafficPolicy string, 23 trafficDistribution string
ServicePort: 1 name string, 2 protocol string, 3 port int32, 4 targetPort IntOrString, 5 nodePort int32, 6 appProtocol string
SessionAffinityConfig: 1 clientIP ClientIPConfig
ClientIPConfig: 1 timeoutSeconds int32?
ServiceStatus: 1 loadBalancer LoadBalancerStatus, 2 conditions Condition[]
LoadBalancerStatus: 1 ingress LoadBalancerIngress[]
LoadBalancerIngress: 1 ip string, 2 hostname string, 3 ipMode string, 4 ports PortStatus[]
PortStatus: 1 port int32, 2 protocol string, 3 error string
Condition: 1 type string, 2 status string, 3 observedGeneration int, 4 lastTransitionTime Time, 5 reason string, 6 message string
Endpoints: 1 metadata ObjectMeta, 2 subsets EndpointSubset[]
EndpointSubset: 1 addresses EndpointAddress[], 2 notReadyAddresses EndpointAddress[], 3 ports CoreEndpointPort[]
EndpointAddress: 1 ip string, 2 targetRef ObjectReference, 3 hostname string, 4 nodeName string
CoreEndpointPort: 1 name string, 2 port int32, 3 protocol string, 4 appProtocol string
ObjectReference: 1 kind string, 2 namespace string, 3 name string, 4 uid string, 5 apiVersion string, 6 resourceVersion string, 7 fieldPath string
EndpointSlice: 1 metadata ObjectMeta, 2 endpoints Endpoint[], 3 ports EndpointPort[], 4 addressType string
Endpoint: 1 addresses string[], 2 conditions EndpointConditions, 3 hostname string, 4 targetRef ObjectReference, 5 deprecatedTopology map<string>, 6 nodeName string, 7 zone string, 8 hints EndpointHints
EndpointConditions: 1 ready bool?, 2 serving bool?, 3 terminating bool?
EndpointHints: 1 forZones ForZone[], 2 forNodes ForZone[]
ForZone: 1 name string
EndpointPort: 1 name string, 2 protocol string, 3 port int32?, 4 appProtocol string
Event: 1 metadata ObjectMeta, 2 involvedObject ObjectReference, 3 reason string, 4 message string, 5 source EventSource, 6 firstTimestamp Time, 7 lastTimestamp Time, 8 count int32, 9 type string, 10 eventTime Time, 11 series EventSeries, 12 action string, 13 related ObjectReference, 14 reportingComponent string, 15 reportingInstance string
EventSource: 1 component string, 2 host string
EventSeries: 1 count int32, 2 lastObservedTime Time
Lease: 1 metadata ObjectMeta, 2 spec LeaseSpec
LeaseSpec: 1 holderIdentity string, 2 leaseDurationSeconds int32?, 3 acquireTime Time, 4 renewTime Time, 5 leaseTransitions int32?, 6 strategy string, 7 preferredHolder string
Flunder: 1 metadata ObjectMeta, 2 spec FlunderSpec, 3 status FlunderStatus
FlunderSpec: 1 reference string, 2 referenceType string
FlunderStatus:
Fischer: 1 metadata ObjectMeta, 2 disallowedFlunders string[]
DeleteOptions: 1 gracePeriodSeconds int?, 2 preconditions Preconditions, 3 orphanDependents bool?, 4 propagationPolicy string, 5 dryRun string[], 6 ignoreStoreReadErrorWithClusterBreakingPotential bool?
Preconditions: 1 uid string, 2 resourceVersion string
SelfSubjectReview: 1 metadata ObjectMeta, 2 status SelfSubjectReviewStatus
SelfSubjectReviewStatus: 1 userInfo UserInfo
UserInfo: 1 username string, 2 uid string, 3 groups string[]
SelfSubjectAccessReview: 1 metadata ObjectMeta, 2 spec SelfSubjectAccessReviewSpec, 3 status SubjectAccessReviewStatus
SelfSubjectAccessReviewSpec: 1 resourceAttributes ResourceAttributes, 2 nonResourceAttributes NonResourceAttributes
ResourceAttributes: 1 namespace string, 2 verb string, 3 group string, 4 version string, 5 resource string, 6 subresource string, 7 name string
NonResourceAttributes: 1 path string, 2 verb string
SubjectAccessReviewStatus: 1 allowed bool, 2 reason string, 3 evaluationError string, 4 denied bool
ListMeta: 1 selfLink string, 2 resourceVersion string, 3 continue string, 4 remainingItemCount int?
PartialObjectMetadata: 1 metadata ObjectMeta
Status: 1 metadata ListMeta, 2 status string, 3 message string, 4 reason string, 5 details StatusDetails, 6 code int
StatusDetails: 1 name string, 2 group string, 3 kind string, 4 causes StatusCause[], 5 retryAfterSeconds int, 6 uid string
StatusCause: 1 reason string, 2 message string, 3 field string
)";

}  // namespace k8scale::apiserver
